import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { verify } from 'jsonwebtoken';
import { ROLES, type Role } from '../../http/principal';
import { tokenCache } from '../auth.metrics';
import { type AccessTokenClaims, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE } from './access-tokens';
import { CLOCK_SKEW_SECONDS, SigningKeys } from './signing-keys.service';

const MAX_ISSUED_AHEAD_SECONDS = 60;
const MAX_TOKEN_CHARACTERS = 4_096;
const MAX_CACHED = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Verified {
  readonly claims: AccessTokenClaims;
  readonly kid: string;
}

/**
 * Verifies signature and claims of an access token. What was verified once is remembered until it expires or its key
 * goes; whether the token was revoked is nobody's memory, it is asked on every request.
 */
@Injectable()
export class TokenVerifier {
  private readonly verified = new Map<string, Verified>();

  constructor(private readonly keys: SigningKeys) {}

  /** @returns undefined for whatever is not a token of ours that counts now */
  verify(token: string): AccessTokenClaims | undefined {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const hash = createHash('sha256').update(token).digest('base64');
    const remembered = this.verified.get(hash);
    if (remembered !== undefined) {
      tokenCache.inc({ result: 'hit' });
      return this.stillCounts(remembered) ? remembered.claims : this.forget(hash);
    }
    tokenCache.inc({ result: 'miss' });
    const verified = this.verifyAnew(token);
    if (verified !== undefined) this.remember(hash, verified);
    return verified?.claims;
  }

  private verifyAnew(token: string): Verified | undefined {
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : this.keys.find(kid);
    if (kid === undefined || key === undefined) return undefined;
    try {
      const claims: unknown = verify(token, key, {
        algorithms: ['ES256'],
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        clockTolerance: CLOCK_SKEW_SECONDS,
      });
      return areClaims(claims) ? { claims, kid } : undefined;
    } catch {
      return undefined;
    }
  }

  private stillCounts({ claims, kid }: Verified): boolean {
    return claims.exp + CLOCK_SKEW_SECONDS > Date.now() / 1000 && this.keys.find(kid) !== undefined;
  }

  private remember(hash: string, verified: Verified): void {
    if (this.verified.size >= MAX_CACHED) this.forget(this.verified.keys().next().value!);
    this.verified.set(hash, verified);
  }

  private forget(hash: string): undefined {
    this.verified.delete(hash);
  }
}

/** The `kid` of a header that has `alg`, `typ` and `kid` and nothing else: no key, address or extension to follow. */
function keyIdOf(token: string): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString('utf8')) as unknown;
    if (typeof header !== 'object' || header === null) return undefined;
    const { alg, typ, kid, ...rest } = header as Record<string, unknown>;
    const known = alg === 'ES256' && typ === TOKEN_TYPE && typeof kid === 'string';
    return known && Object.keys(rest).length === 0 ? kid : undefined;
  } catch {
    return undefined;
  }
}

function areClaims(claims: unknown): claims is AccessTokenClaims {
  const { sub, role, sid, jti, iat, nbf, exp, azver } = claims as Record<string, unknown>;
  const ids = [sub, sid, jti].every((id) => typeof id === 'string' && UUID.test(id));
  const numbers = [iat, nbf, exp, azver].every((value) => Number.isSafeInteger(value));
  return (
    ids &&
    numbers &&
    ROLES.includes(role as Role) &&
    (iat as number) <= Date.now() / 1000 + MAX_ISSUED_AHEAD_SECONDS
  );
}
