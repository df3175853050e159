import { ERROR_CODES, type ErrorCode } from './error-codes';

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

interface DomainErrorOptions {
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * A failure the domain knows by name. Knows nothing of HTTP.
 * `detail` is shown to the caller: ids, limits and names of fields only, never a value that was sent.
 */
export class DomainError extends Error {
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string = ERROR_CODES[code].title,
    options: DomainErrorOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'DomainError';
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** What is wrong and what to do, for the caller. */
  get advice(): string {
    const { title, remedy } = ERROR_CODES[this.code];
    return this.detail === title ? remedy : `${this.detail.replace(/\.?$/, '.')} ${remedy}`;
  }
}
