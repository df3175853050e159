/**
 * The one table of error codes. A code is stable: clients may branch on it. `kind` decides category and HTTP status
 * (see `http/problem-status.ts`); `remedy` tells the caller what to do. No text here or in a `DomainError` may carry
 * a value sent by the client.
 */
export type ErrorKind =
  | 'malformed'
  | 'too_large'
  | 'unsupported_media'
  | 'unprocessable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rejected'
  | 'rate_limited'
  | 'database'
  | 'upstream'
  | 'unavailable'
  | 'internal';

type ErrorSeverity = 'low' | 'medium' | 'high' | 'critical';

interface ErrorDefinition {
  readonly kind: ErrorKind;
  readonly severity: ErrorSeverity;
  readonly title: string;
  readonly remedy: string;
}

function define<const Codes extends Record<string, ErrorDefinition>>(codes: Codes): Codes {
  return codes;
}

export const ERROR_CODES = define({
  VALIDATION_FAILED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The request is not valid',
    remedy: 'Correct the fields named in `errors` and send the request again.',
  },
  REQUEST_MALFORMED_JSON: {
    kind: 'malformed',
    severity: 'low',
    title: 'The body is not valid JSON',
    remedy: 'Send well-formed JSON (RFC 8259); NaN and Infinity are not JSON.',
  },
  REQUEST_BODY_INCOMPLETE: {
    kind: 'malformed',
    severity: 'low',
    title: 'The body ended early',
    remedy: 'Send as many bytes as Content-Length announces.',
  },
  REQUEST_ABANDONED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The client closed the connection before its answer',
    remedy: 'Wait for the answer, or send the request again.',
  },
  REQUEST_TOO_LARGE: {
    kind: 'too_large',
    severity: 'low',
    title: 'The body is too large',
    remedy: 'JSON with an image may have 64 MiB, an image file 50 MiB, any other body 256 KiB.',
  },
  REQUEST_MEDIA_TYPE_UNSUPPORTED: {
    kind: 'unsupported_media',
    severity: 'low',
    title: 'The content type or encoding is not supported',
    remedy: 'Use a content type named in `detail`, without Content-Encoding.',
  },
  AUTH_REQUIRED: {
    kind: 'unauthenticated',
    severity: 'low',
    title: 'No access token',
    remedy: 'Log in with POST /auth/login and send `Authorization: Bearer <access_token>`.',
  },
  AUTH_TOKEN_INVALID: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The access token is not accepted',
    remedy: 'The token is expired, revoked or not ours: log in again.',
  },
  AUTH_INVALID_CREDENTIALS: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The credentials are not accepted',
    remedy: 'Check username and password. Repeated failures lock an account for a while.',
  },
  AUTH_REFRESH_INVALID: {
    kind: 'unauthenticated',
    severity: 'medium',
    title: 'The refresh token is not accepted',
    remedy: 'Log in again.',
  },
  AUTH_FORBIDDEN: {
    kind: 'forbidden',
    severity: 'medium',
    title: 'Your role does not permit this',
    remedy: 'Ask an administrator which role this action needs.',
  },
  AUTH_PASSWORD_CHANGE_REQUIRED: {
    kind: 'forbidden',
    severity: 'low',
    title: 'The password must be changed first',
    remedy: 'Change it with POST /auth/password.',
  },
  ROUTE_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such route',
    remedy: 'The routes are listed at /docs.',
  },
  MODEL_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such model version',
    remedy: 'List the models with GET /models.',
  },
  RESULT_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such result',
    remedy: 'List the results you may read with GET /results.',
  },
  PAGE_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such page',
    remedy: 'Pages run from 1 to `total_pages`.',
  },
  USER_ALREADY_EXISTS: {
    kind: 'conflict',
    severity: 'low',
    title: 'The username or e-mail is taken',
    remedy: 'Names are never reused, not even those of deactivated accounts: choose another.',
  },
  MODEL_NOT_SELECTED: {
    kind: 'conflict',
    severity: 'low',
    title: 'It is not clear which model should answer',
    remedy: 'Name a production version as `model_id`, or let the operator set DEFAULT_MODEL.',
  },
  MODEL_NOT_ACTIVE: {
    kind: 'conflict',
    severity: 'low',
    title: 'The model version does not serve requests',
    remedy: 'Choose a version in production (GET /models?status=production).',
  },
  IMAGE_EMPTY: {
    kind: 'malformed',
    severity: 'low',
    title: 'There is no image in the request',
    remedy: 'Send `data`, `image`, or an image file as the body.',
  },
  IMAGE_FORMAT_UNSUPPORTED: {
    kind: 'unsupported_media',
    severity: 'low',
    title: 'The bytes are not an image of a supported format',
    remedy: 'Send an image format named in `detail`; formats are recognised by content, not by name.',
  },
  IMAGE_CORRUPT: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image file is damaged',
    remedy: 'Send the file again, whole and unchanged.',
  },
  IMAGE_DIMENSIONS_OUT_OF_BOUNDS: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image is too small or too large',
    remedy: 'Width and height must each be 64 to 2048 pixels.',
  },
  IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image is too narrow or too wide',
    remedy: 'Width divided by height must be 0.5 to 2.0.',
  },
  IMAGE_DIMENSIONS_REQUIRED: {
    kind: 'malformed',
    severity: 'low',
    title: 'Width and height are missing',
    remedy: 'Send `width` and `height`; they may be left out only for square images.',
  },
  IMAGE_CHANNELS_UNSUPPORTED: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The number of channels does not fit the model',
    remedy: 'Send an image with as many channels as the manifest of the model names.',
  },
  IMAGE_DATA_LENGTH: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The number of values does not fit the dimensions',
    remedy: 'Send exactly width x height x channels values.',
  },
  IMAGE_DATA_NOT_FINITE: {
    kind: 'malformed',
    severity: 'low',
    title: 'The image holds a value that is not a finite number',
    remedy: 'Send finite float32 values.',
  },
  IMAGE_DATA_OUT_OF_RANGE: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The image holds a value outside 0..1',
    remedy: 'Normalise the values to 0..1.',
  },
  IMAGE_QUALITY_REJECTED: {
    kind: 'rejected',
    severity: 'low',
    title: 'The image is not fit to be judged',
    remedy: 'Take the image again; `errors` names the checks that failed.',
  },
  ENGINE_BUSY: {
    kind: 'unavailable',
    severity: 'medium',
    title: 'The inference queue is full',
    remedy: 'Try again after the time given in Retry-After.',
  },
  ENGINE_UNAVAILABLE: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The inference engine is not available',
    remedy: 'Try again after the time given in Retry-After; the operator finds the cause in the logs.',
  },
  ENGINE_TIMEOUT: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The model did not answer in time',
    remedy: 'Do not send the same image again before the operator has looked at the model.',
  },
  ENGINE_CRASHED: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The process that ran the model died',
    remedy: 'Do not send the same image again before the operator has looked at the model.',
  },
  MODEL_LOAD_FAILED: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The model version cannot be loaded',
    remedy: 'The operator finds the cause in the logs.',
  },
  MODEL_INTEGRITY_FAILED: {
    kind: 'unavailable',
    severity: 'critical',
    title: 'The model file is not the one that was registered',
    remedy: 'The operator must restore the registered file; until then the version does not serve.',
  },
  MODEL_INPUT_INVALID: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The model does not accept an input of this shape',
    remedy: 'Compare the image with `input_shape` of the model.',
  },
  MODEL_OUTPUT_INVALID: {
    kind: 'internal',
    severity: 'high',
    title: 'The model returned numbers that are not valid',
    remedy: 'Nothing was concluded from this image; the operator must look at the model.',
  },
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

export type ErrorCode = keyof typeof ERROR_CODES;
