import { Counter, Gauge } from 'prom-client';

export const resultsMarked = new Counter({
  name: 'medai_retention_marked_total',
  help: 'Expired results that this replica has marked for purging',
});

export const resultsPurged = new Counter({
  name: 'medai_retention_purged_total',
  help: 'Results that this replica has purged',
});

export const resultsHeld = new Gauge({
  name: 'medai_retention_held_results',
  help: 'Results under legal hold, as of the last sweep of this replica',
});

export const resultsDue = new Gauge({
  name: 'medai_retention_waiting_results',
  help: 'Marked results that wait for the end of their grace time, as of the last sweep of this replica',
});

export const oldestOverdue = new Gauge({
  name: 'medai_retention_oldest_overdue_seconds',
  help: 'How long ago the oldest result should have been marked or purged; 0: none is overdue',
});

export const sweeps = new Counter({
  name: 'medai_result_upkeep_total',
  help: 'What this replica has done from time to time: measure, mark, purge, rekey',
  labelNames: ['job', 'outcome'],
});
