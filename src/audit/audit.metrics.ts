import { Counter, Histogram } from 'prom-client';

export const auditUnavailable = new Counter({
  name: 'medai_audit_unavailable_total',
  help: 'Requests answered 503 because their audit entry could not be written',
});

export const auditUnrecordedRefusals = new Counter({
  name: 'medai_audit_unrecorded_refusals_total',
  help: 'Refusals that stood without an entry because the audit trail could not be written',
});

export const auditVerifications = new Counter({
  name: 'medai_audit_verifications_total',
  help: 'Verifications of the stored trail by what they found: valid, or the class of the problem',
  labelNames: ['result'],
});

export const storeDuration = new Histogram({
  name: 'medai_audit_store_duration_seconds',
  help: 'Of the statement that stores an audit entry: alone (entry), or with a result or what else it stands with (rows)',
  labelNames: ['kind'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
});
