import { Counter, Gauge } from 'prom-client';

export const resultsRekeyed = new Counter({
  name: 'medai_pseudonyms_rekeyed_total',
  help: 'Results whose pseudonym this replica has brought under the current key',
});

export const resultsOutdated = new Gauge({
  name: 'medai_pseudonyms_outdated_results',
  help: 'Results whose pseudonym is still under a previous key, as of the last sweep of this replica',
});
