import { DomainError } from '../../errors/domain.error';

/** RFC 9651 section 3.3.3: a String of printable ASCII, in which `"` and `\` are escaped. */
const STRING = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
/** What most clients send: the key without quotes. A comma or a space would be a second key. */
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/;
const MAX_LENGTH = 255;

/**
 * The key of an `Idempotency-Key` field (draft-ietf-httpapi-idempotency-key-header-07). With and without quotes it is
 * the same key.
 * @throws DomainError IDEMPOTENCY_KEY_MALFORMED
 */
export function idempotencyKeyIn(field: string): string {
  const key = STRING.exec(field)?.[1]?.replace(/\\(.)/g, '$1') ?? BARE.exec(field)?.[0] ?? '';
  if (key === '' || key.length > MAX_LENGTH) throw new DomainError('IDEMPOTENCY_KEY_MALFORMED');
  return key;
}
