import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decode } from 'jsonwebtoken';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { Principal } from '../../http/principal';
import { type AccessTokenClaims, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../tokens/access-tokens';
import { Sessions } from '../sessions/sessions.service';
import { SigningKey } from '../tokens/signing-key';

const CLOCK_SKEW_SECONDS = 30;
const MAX_TOKEN_CHARACTERS = 4_096;

/** Verifies the bearer token's signature and claims, then asks the database whether it still counts. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    key: SigningKey,
    private readonly sessions: Sessions,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (
        _request: unknown,
        token: string,
        done: (error: unknown, key?: never) => void,
      ) => {
        const header =
          token.length <= MAX_TOKEN_CHARACTERS ? decode(token, { complete: true })?.header : undefined;
        const found = header?.typ === 'at+jwt' ? key.find(header.kid) : undefined;
        if (found === undefined) done(new Error('no key of ours'));
        else done(null, found as never); // the type knows strings and buffers only; jsonwebtoken takes a KeyObject
      },
      algorithms: ['ES256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      jsonWebTokenOptions: { clockTolerance: CLOCK_SKEW_SECONDS },
    });
  }

  validate(claims: AccessTokenClaims): Promise<Principal | false> {
    return this.sessions.principalOf(claims);
  }
}
