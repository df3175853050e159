import { Counter, Gauge } from 'prom-client';

export const checkpointSize = new Gauge({
  name: 'medai_audit_checkpoint_size',
  help: 'Entries that the newest signed checkpoint covers',
});

export const checkpointTime = new Gauge({
  name: 'medai_audit_checkpoint_timestamp_seconds',
  help: 'When the newest checkpoint was signed, Unix time; its age is time() minus this',
});

export const unanchoredSeconds = new Gauge({
  name: 'medai_audit_unanchored_seconds',
  help: 'Age of the oldest chained entry that no checkpoint covers which every configured target has taken; 0 for none',
});

export const checkpointRefusals = new Counter({
  name: 'medai_audit_checkpoint_refusals_total',
  help: 'Checkpoints not signed because the trail in the database does not extend what was signed before',
  labelNames: ['class'],
});

export const publicationFailures = new Counter({
  name: 'medai_audit_publication_failures_total',
  help: 'Checkpoints that could not be handed to the anchor or the witness; they are tried again',
  labelNames: ['target'],
});
