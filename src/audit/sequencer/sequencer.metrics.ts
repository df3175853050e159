import { Counter, Gauge } from 'prom-client';

export const auditLeader = new Gauge({
  name: 'medai_audit_leader',
  help: '1 on the replica whose sequencer writes the chain',
});

export const auditChained = new Counter({
  name: 'medai_audit_chained_entries_total',
  help: 'Entries that this replica has moved from the inbox into the chain',
});

export const auditLag = new Gauge({
  name: 'medai_audit_lag_seconds',
  help: 'Age of the oldest committed entry that is not chained yet',
});

export const auditBacklog = new Gauge({
  name: 'medai_audit_backlog_entries',
  help: 'Committed entries that are not chained yet, counted up to 50,001',
});
