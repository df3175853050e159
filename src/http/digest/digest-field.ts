import { DomainError } from '../../errors/domain.error';

/** RFC 9530 section 5: the active algorithms; every other one is ignored. */
const ALGORITHMS: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

/** A member of the dictionary (RFC 9651): a key, a byte sequence, and parameters that have no meaning here. */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(;.*)?$/;

export interface ExpectedDigest {
  /** As node:crypto calls it. */
  readonly algorithm: string;
  readonly value: Buffer;
}

/**
 * The digests of a `Content-Digest` field that can be checked. A field that cannot be read is refused rather than
 * ignored: its sender counts on the check.
 * @throws DomainError REQUEST_DIGEST_MALFORMED
 */
export function expectedDigests(field: string): ExpectedDigest[] {
  const members = new Map<string, Buffer>();
  for (const member of field.split(',').map((text) => text.trim())) {
    const [, key, value] = MEMBER.exec(member) ?? [];
    if (key === undefined || value === undefined) throw new DomainError('REQUEST_DIGEST_MALFORMED');
    members.set(key, Buffer.from(value, 'base64'));
  }
  return Object.entries(ALGORITHMS).flatMap(([key, algorithm]) => {
    const value = members.get(key);
    return value === undefined ? [] : [{ algorithm, value }];
  });
}
