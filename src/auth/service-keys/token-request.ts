import { DomainError } from '../../errors/domain.error';

export const FORM = 'application/x-www-form-urlencoded';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const KNOWN = ['grant_type', 'client_assertion_type', 'client_assertion', 'client_id', 'scope'];

export interface TokenRequest {
  readonly assertion: string;
  /** Not needed beside an assertion; where it is sent it must be of the same account (RFC 7521 4.2). */
  readonly clientId: string | undefined;
}

/**
 * What matters of an OAuth 2.0 token request (RFC 6749 4.4, RFC 7523 2.2).
 * @throws DomainError VALIDATION_FAILED
 */
export function tokenRequestOf(body: Buffer): TokenRequest {
  const form = new URLSearchParams(body.toString('utf8'));
  const wrong = (field: string, message: string): never => {
    throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field, message }] });
  };
  for (const name of new Set(form.keys())) {
    if (!KNOWN.includes(name)) wrong('(form)', `may have these fields only: ${KNOWN.join(', ')}`);
    if (form.getAll(name).length > 1) wrong(name, 'must be there once');
  }
  if (form.get('grant_type') !== 'client_credentials') wrong('grant_type', 'must be client_credentials');
  if (form.get('client_assertion_type') !== ASSERTION_TYPE)
    wrong('client_assertion_type', `must be ${ASSERTION_TYPE}`);
  const assertion = form.get('client_assertion') || wrong('client_assertion', 'must be a signed JWT');
  return { assertion, clientId: form.get('client_id') ?? undefined };
}
