import { Injectable } from '@nestjs/common';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { Principal } from '../../http/principal';
import { RevocationStore } from '../revocation/revocation-store';
import type { AccessTokenClaims } from '../tokens/access-tokens';
import { TokenVerifier } from '../tokens/token-verifier';
import { Usernames } from '../users/usernames.service';

type Done = (error: unknown, value?: unknown) => void;

/**
 * passport-jwt's own verifier parses the key anew on every request. In its place each strategy hands over its
 * `TokenVerifier` as the "key".
 */
(Strategy as unknown as { JwtVerifier: unknown }).JwtVerifier = (
  token: string,
  verifier: TokenVerifier,
  _options: unknown,
  done: Done,
): void => {
  const claims = verifier.verify(token);
  if (claims === undefined) done(new Error('not a token of ours that counts'));
  else done(null, claims);
};

/** A bearer token: signature and claims by the verifier, then, on every request, whether it was revoked. */
@Injectable()
export class JwtStrategy extends Strategy {
  constructor(verifier: TokenVerifier, revocations: RevocationStore, usernames: Usernames) {
    const principalOf = async (claims: AccessTokenClaims): Promise<Principal | false> => {
      const { sub: userId, sid: sessionId, jti: tokenId, azver: version, role, exp } = claims;
      if (await revocations.isRevoked({ userId, sessionId, tokenId, version })) return false;
      const username = await usernames.of(userId);
      if (username === undefined) return false;
      return { userId, username, role, sessionId, tokenId, tokenExpiresAt: new Date(exp * 1000) };
    };
    const tell = async (claims: AccessTokenClaims, done: Done): Promise<void> => {
      let principal: Principal | false;
      try {
        principal = await principalOf(claims);
      } catch (error) {
        done(error);
        return;
      }
      done(null, principal);
    };
    super(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: (_request, _token, done) => done(null, verifier as never),
      },
      (claims: AccessTokenClaims, done: Done) => void tell(claims, done),
    );
  }
}
