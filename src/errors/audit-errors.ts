import { define } from './error-definition';

export const AUDIT_ERRORS = define({
  AUDIT_UNAVAILABLE: {
    kind: 'database',
    severity: 'critical',
    title: 'The audit trail cannot be written',
    remedy: 'Nothing was done. Try again after the time given in Retry-After.',
  },
  AUDIT_ENTRY_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such audit entry',
    remedy: 'List the entries with GET /audit.',
  },
  AUDIT_ENTRY_ARCHIVED: {
    kind: 'gone',
    severity: 'low',
    title: 'The audit entry is in an archive',
    remedy: 'Ask the operator for the file named in `detail`; its SHA-256 stands in the trail.',
  },
  AUDIT_ENTRY_UNREADABLE: {
    kind: 'conflict',
    severity: 'critical',
    title: 'What is stored for this entry is no entry: it was altered',
    remedy: 'Verify the trail with GET /audit/verify and keep the evidence.',
  },
  AUDIT_CHECKPOINT_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such checkpoint yet',
    remedy: 'A checkpoint is signed within seconds after an entry; try again, or ask for a smaller size.',
  },
  AUDIT_NOT_YET_SIGNED: {
    kind: 'conflict',
    severity: 'low',
    title: 'No checkpoint covers this entry yet',
    remedy: 'Try again after the time given in Retry-After.',
  },
});
