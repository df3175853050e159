import { define } from './error-definition';

export const SYSTEM_ERRORS = define({
  DATABASE_UNAVAILABLE: {
    kind: 'database',
    severity: 'critical',
    title: 'The database is not available',
    remedy: 'Nothing is known to be stored. Try again after the time given in Retry-After.',
  },
  SERVICE_NOT_READY: {
    kind: 'unavailable',
    severity: 'medium',
    title: 'This replica does not take requests now',
    remedy: 'The full report is at GET /health.',
  },
  INTERNAL_ERROR: {
    kind: 'internal',
    severity: 'critical',
    title: 'Something went wrong on our side',
    remedy: 'Report the request id given in `instance` to the operator.',
  },
});
