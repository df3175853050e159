import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

const MIN_RSA_BITS = 2_048;

/** A public key that may sign assertions, with what its signatures are called. */
export interface AssertionKey {
  readonly key: KeyObject;
  readonly algorithms: readonly ('ES256' | 'RS256' | 'PS256')[];
  /** RFC 7638. */
  readonly thumbprint: string;
}

/** @returns undefined unless it is P-256, or RSA of at least 2,048 bits, in PEM (SPKI) */
export function assertionKey(pem: string): AssertionKey | undefined {
  try {
    if (!pem.trim().startsWith('-----BEGIN PUBLIC KEY-----')) return undefined;
    const key = createPublicKey(pem);
    const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    const jwk = key.export({ format: 'jwk' });
    if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') {
      const { crv, kty, x, y } = jwk;
      return { key, algorithms: ['ES256'], thumbprint: digest({ crv, kty, x, y }) };
    }
    if (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) {
      const { e, kty, n } = jwk;
      return { key, algorithms: ['RS256', 'PS256'], thumbprint: digest({ e, kty, n }) };
    }
  } catch {
    // not a key
  }
  return undefined;
}

/** @param members the required ones, in lexicographic order */
const digest = (members: Record<string, unknown>): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url');
