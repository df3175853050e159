import { Injectable } from '@nestjs/common';
import { sign } from 'jsonwebtoken';
import { v7 as uuidv7 } from 'uuid';
import type { User } from '../users/user.entity';
import { SigningKey } from './signing-key';

export const TOKEN_ISSUER = 'medai-flow';
export const TOKEN_AUDIENCE = 'medai-flow-api';
export const ACCESS_TOKEN_SECONDS = 600;

export interface AccessTokenClaims {
  readonly sub: string;
  readonly role: string;
  readonly sid: string;
  readonly jti: string;
  readonly exp: number;
}

/** Signs access tokens: ES256, `typ: at+jwt` (RFC 9068). */
@Injectable()
export class AccessTokens {
  constructor(private readonly key: SigningKey) {}

  issue(user: Pick<User, 'id' | 'role'>, sessionId: string): string {
    const now = Math.floor(Date.now() / 1000);
    return sign({ role: user.role, sid: sessionId, iat: now, nbf: now }, this.key.privateKey, {
      algorithm: 'ES256',
      keyid: this.key.jwk.kid,
      header: { alg: 'ES256', typ: 'at+jwt', kid: this.key.jwk.kid },
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      subject: user.id,
      jwtid: uuidv7(),
      expiresIn: ACCESS_TOKEN_SECONDS,
    });
  }
}
