import { Counter } from 'prom-client';

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
