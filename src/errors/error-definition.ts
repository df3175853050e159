export type ErrorKind =
  | 'malformed'
  | 'too_large'
  | 'unsupported_media'
  | 'unprocessable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'gone'
  | 'conflict'
  | 'rejected'
  | 'rate_limited'
  | 'database'
  | 'upstream'
  | 'unavailable'
  | 'internal';

type ErrorSeverity = 'low' | 'medium' | 'high' | 'critical';

export interface ErrorDefinition {
  readonly kind: ErrorKind;
  readonly severity: ErrorSeverity;
  readonly title: string;
  readonly remedy: string;
}

export function define<const Codes extends Record<string, ErrorDefinition>>(codes: Codes): Codes {
  return codes;
}
