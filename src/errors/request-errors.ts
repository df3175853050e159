import { define } from './error-definition';

export const REQUEST_ERRORS = define({
  VALIDATION_FAILED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The request is not valid',
    remedy: 'Correct what is named here, or in `errors`, and send the request again.',
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
  REQUEST_DIGEST_MISMATCH: {
    kind: 'malformed',
    severity: 'medium',
    title: 'The body is not the one its Content-Digest was made of',
    remedy:
      'Something changed the body on its way, or the digest is of something else: make it anew and send both again.',
  },
  REQUEST_DIGEST_MALFORMED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The Content-Digest cannot be read',
    remedy: 'Send `Content-Digest: sha-256=:<base64>:` (RFC 9530), or leave it out.',
  },
  REQUEST_TOO_LARGE: {
    kind: 'too_large',
    severity: 'low',
    title: 'The body is too large',
    remedy:
      'JSON with an image may have 64 MiB, an image file 50 MiB, a batch 256 MiB, any other body 256 KiB.',
  },
  REQUEST_MEDIA_TYPE_UNSUPPORTED: {
    kind: 'unsupported_media',
    severity: 'low',
    title: 'The content type or encoding is not supported',
    remedy:
      'Set Content-Type to one that the route takes (/docs lists them), and send the body without Content-Encoding.',
  },
  IDEMPOTENCY_KEY_MALFORMED: {
    kind: 'malformed',
    severity: 'low',
    title: 'The Idempotency-Key cannot be read',
    remedy:
      'Send 1 to 255 printable ASCII characters, best a new UUID for each request: `Idempotency-Key: "…"`.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The Idempotency-Key belongs to another request',
    remedy: 'A key stands for one request for 24 hours. Send this one with a new key.',
  },
  IDEMPOTENCY_KEY_IN_USE: {
    kind: 'conflict',
    severity: 'low',
    title: 'The request with this Idempotency-Key is being worked on',
    remedy: 'Send it again with the same key after the time given in Retry-After, until it is answered.',
  },
  RATE_LIMITED: {
    kind: 'rate_limited',
    severity: 'low',
    title: 'Too many requests',
    remedy: 'Try again after the time given in Retry-After.',
  },
  SERVER_BUSY: {
    kind: 'unavailable',
    severity: 'medium',
    title: 'The bodies of the requests under way fill the memory set aside for them',
    remedy: 'Try again after the time given in Retry-After.',
  },
  HTTPS_REQUIRED: {
    kind: 'forbidden',
    severity: 'high',
    title: 'The request came in clear text',
    remedy:
      'Use https://. If the request carried a password, a token or an image, treat it as read by others.',
  },
  METHOD_NOT_ALLOWED: {
    kind: 'method_not_allowed',
    severity: 'low',
    title: 'The route has other methods',
    remedy: 'Use one of the methods that the header Allow lists.',
  },
  ROUTE_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such route',
    remedy: 'The routes are listed at /docs.',
  },
});
