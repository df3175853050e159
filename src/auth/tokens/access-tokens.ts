import { Injectable } from '@nestjs/common';
import { sign } from 'jsonwebtoken';
import { v7 as uuidv7 } from 'uuid';
import { AccountsConfig } from '../../config/accounts.config';
import type { Role } from '../../http/principal';
import type { User } from '../users/user.entity';
import { SigningKeys } from './signing-keys.service';

export const TOKEN_ISSUER = 'medai-flow';
export const TOKEN_AUDIENCE = 'medai-flow-api';
export const TOKEN_TYPE = 'at+jwt';

export interface AccessTokenClaims {
  readonly sub: string;
  readonly role: Role;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** The account's `token_version` when the token was issued. */
  readonly azver: number;
}

/** Signs access tokens: ES256, `typ: at+jwt` (RFC 9068). */
@Injectable()
export class AccessTokens {
  readonly lifetimeSeconds: number;

  constructor(
    private readonly keys: SigningKeys,
    config: AccountsConfig,
  ) {
    this.lifetimeSeconds = config.accessTokenSeconds;
  }

  issue(user: Pick<User, 'id' | 'role' | 'tokenVersion'>, sessionId: string): string {
    const now = Math.floor(Date.now() / 1000);
    const { privateKey, kid } = this.keys.current;
    return sign(
      { role: user.role, sid: sessionId, azver: user.tokenVersion, iat: now, nbf: now },
      privateKey,
      {
        algorithm: 'ES256',
        header: { alg: 'ES256', typ: TOKEN_TYPE, kid },
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        subject: user.id,
        jwtid: uuidv7(),
        expiresIn: this.lifetimeSeconds,
      },
    );
  }
}
