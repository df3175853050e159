import { DomainError } from '../../errors/domain.error';

export const FORM = 'application/x-www-form-urlencoded';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const KNOWN = ['grant_type', 'client_assertion_type', 'client_assertion', 'client_id', 'scope'];

/**
 * The client assertion of an OAuth 2.0 token request (RFC 6749 4.4, RFC 7523 2.2).
 * @throws DomainError VALIDATION_FAILED
 */
export function clientAssertionOf(body: Buffer): string {
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
  return form.get('client_assertion') || wrong('client_assertion', 'must be a signed JWT');
}
