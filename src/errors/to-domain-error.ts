import { DomainError } from './domain.error';
import type { ErrorCode } from './error-codes';

/** Node's codes of a connection that failed. */
const CONNECTION_FAILURE =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/**
 * PostgreSQL's SQLSTATE for "not now": connection, log-in and database refused (08, 28, 3D), deadlock (40), resources
 * (53), locks and a database that takes no connections (55), shutdown and time-outs (57), disk (58), read-only (25006).
 */
const NOT_NOW = /^(08...|28...|3D000|40...|53...|55...|57P..|57014|58...|25006)$/;
const POOL_FAILURE =
  /timeout exceeded when trying to connect|Connection terminated|Driver not Connected|Query read timeout/;

/** Status codes of body-parser, multer and Nest's own exceptions. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_FAILED',
  404: 'ROUTE_NOT_FOUND',
  413: 'REQUEST_TOO_LARGE',
  415: 'REQUEST_MEDIA_TYPE_UNSUPPORTED',
  503: 'SERVICE_NOT_READY',
};
const BY_TYPE: Readonly<Record<string, ErrorCode>> = {
  'request.aborted': 'REQUEST_BODY_INCOMPLETE',
  'request.size.invalid': 'REQUEST_BODY_INCOMPLETE',
  'entity.parse.failed': 'REQUEST_MALFORMED_JSON',
};

/** A file in a part of another name, or one too many. */
const UNEXPECTED_FILE = {
  field: 'file',
  message: 'files come in parts named `file`, no more of them than the route takes',
};

interface ForeignError {
  readonly code?: unknown;
  /** The statement that failed, of TypeORM's errors. */
  readonly query?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  /** What multer threw, of Nest's exceptions. */
  readonly cause?: unknown;
}

/** The connection failed or was refused: what was under way may or may not have been stored. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as ForeignError;
  return (
    CONNECTION_FAILURE.test(String(code)) || NOT_NOW.test(String(code)) || POOL_FAILURE.test(String(message))
  );
}

/** Names a failure that a library threw; whatever is not recognised is ours: INTERNAL_ERROR. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isDatabaseUnavailable(error))
    return new DomainError('DATABASE_UNAVAILABLE', undefined, { cause: error, retryAfterSeconds: 5 });
  const { query, type, status, cause } = (error ?? {}) as ForeignError;
  if (/^LIMIT_(UNEXPECTED_FILE|FILE_COUNT)$/.test(String((cause as ForeignError | undefined)?.code)))
    return new DomainError('VALIDATION_FAILED', undefined, { cause: error, errors: [UNEXPECTED_FILE] });
  // The server refused to commit: what was to be stored is not, and neither is its audit entry.
  if (query === 'COMMIT')
    return new DomainError('AUDIT_UNAVAILABLE', undefined, { cause: error, retryAfterSeconds: 5 });
  const known = BY_TYPE[String(type)] ?? BY_STATUS[Number(status)] ?? 'INTERNAL_ERROR';
  return new DomainError(known, undefined, { cause: error });
}
