import type { ErrorKind } from '../errors/error-definition';

export type ErrorCategory =
  | 'VALIDATION'
  | 'AUTH'
  | 'NOT_FOUND'
  | 'BUSINESS_LOGIC'
  | 'RATE_LIMIT'
  | 'DATABASE'
  | 'EXTERNAL_SERVICE'
  | 'SYSTEM';

/** The only place where kinds of failure meet HTTP (RFC 9110 status codes). */
export const PROBLEM_STATUS: Record<
  ErrorKind,
  { readonly status: number; readonly category: ErrorCategory }
> = {
  malformed: { status: 400, category: 'VALIDATION' },
  too_large: { status: 413, category: 'VALIDATION' },
  unsupported_media: { status: 415, category: 'VALIDATION' },
  unprocessable: { status: 422, category: 'VALIDATION' },
  unauthenticated: { status: 401, category: 'AUTH' },
  forbidden: { status: 403, category: 'AUTH' },
  method_not_allowed: { status: 405, category: 'VALIDATION' },
  not_found: { status: 404, category: 'NOT_FOUND' },
  gone: { status: 410, category: 'NOT_FOUND' },
  conflict: { status: 409, category: 'BUSINESS_LOGIC' },
  rejected: { status: 422, category: 'BUSINESS_LOGIC' },
  rate_limited: { status: 429, category: 'RATE_LIMIT' },
  database: { status: 503, category: 'DATABASE' },
  upstream: { status: 502, category: 'EXTERNAL_SERVICE' },
  unavailable: { status: 503, category: 'SYSTEM' },
  internal: { status: 500, category: 'SYSTEM' },
};
