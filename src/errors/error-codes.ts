import { AUDIT_ERRORS } from './audit-errors';
import { AUTH_ERRORS } from './auth-errors';
import { BATCH_ERRORS } from './batch-errors';
import { ENGINE_ERRORS } from './engine-errors';
import { IMAGE_ERRORS } from './image-errors';
import { MODEL_ERRORS } from './model-errors';
import { REQUEST_ERRORS } from './request-errors';
import { RESULT_ERRORS } from './result-errors';
import { SYSTEM_ERRORS } from './system-errors';

/**
 * The one table of error codes, a file for each subject. A code is stable: clients may branch on it. `kind` decides
 * category and HTTP status (see `http/problem-status.ts`); `remedy` tells the caller what to do. No text here or in a
 * `DomainError` may carry a value sent by the client.
 */
export const ERROR_CODES = {
  ...REQUEST_ERRORS,
  ...AUTH_ERRORS,
  ...IMAGE_ERRORS,
  ...ENGINE_ERRORS,
  ...BATCH_ERRORS,
  ...MODEL_ERRORS,
  ...RESULT_ERRORS,
  ...AUDIT_ERRORS,
  ...SYSTEM_ERRORS,
};

export type ErrorCode = keyof typeof ERROR_CODES;
