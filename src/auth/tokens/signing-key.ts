import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SecretsConfig } from '../../config/secrets.config';

export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

/** The key pair of this installation's access tokens. */
@Injectable()
export class SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;

  constructor(secrets: SecretsConfig) {
    this.privateKey = secrets.jwtSigningKey;
    this.publicKey = createPublicKey(secrets.jwtSigningKey);
    const { x, y } = this.publicKey.export({ format: 'jwk' }) as { x: string; y: string };
    this.jwk = { kty: 'EC', crv: 'P-256', x, y, kid: thumbprint(x, y), use: 'sig', alg: 'ES256' };
  }

  /** The key a token names, or undefined: a token may only name keys that are ours. */
  find(kid: unknown): KeyObject | undefined {
    return kid === this.jwk.kid ? this.publicKey : undefined;
  }
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
function thumbprint(x: string, y: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
}
