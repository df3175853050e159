import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { lockAccount, RevocationStore } from '../revocation/revocation-store';
import { Sessions } from '../sessions/sessions.service';
import { AccessTokens } from '../tokens/access-tokens';
import { User } from '../users/user.entity';
import type { TokenResponse } from './token.response';

/** Opens a session for who has proved to be the owner of an account. */
@Injectable()
export class SessionOpening {
  constructor(
    private readonly trail: AuditTrail,
    private readonly tokens: AccessTokens,
    private readonly sessions: Sessions,
    private readonly revocations: RevocationStore,
  ) {}

  /**
   * @param tokenVersion that the account had when its owner began to prove who they are
   * @returns undefined if the account was deactivated, or all its tokens were revoked, meanwhile: of a password that is
   *   being changed the old one opens nothing
   */
  open(
    userId: string,
    loginMethod: 'password' | 'sso',
    tokenVersion?: number,
  ): Promise<TokenResponse | undefined> {
    const sessionId = uuidv7();
    return this.revocations.transaction(async (manager) => {
      await lockAccount(manager, userId);
      const user = await manager.findOneByOrFail(User, { id: userId });
      if (!user.isActive || (tokenVersion ?? user.tokenVersion) !== user.tokenVersion) return undefined;
      await manager.update(User, { id: userId }, { lastLoginAt: new Date() });
      // Service accounts have nothing that outlives an access token: they log in again.
      const refreshToken =
        user.role === 'integration' ? undefined : await this.sessions.open(manager, userId, sessionId);
      await this.trail.write(manager, {
        objectType: 'user',
        objectId: userId,
        actorId: userId,
        actorRole: user.role,
        details: { login_method: loginMethod, session_id: sessionId },
      });
      return this.tokensFor(user, sessionId, refreshToken);
    });
  }

  tokensFor(user: User, sessionId: string, refreshToken: string | undefined): TokenResponse {
    return {
      access_token: this.tokens.issue(user, sessionId),
      token_type: 'Bearer',
      expires_in: this.tokens.lifetimeSeconds,
      ...(refreshToken !== undefined && {
        refresh_token: refreshToken,
        refresh_expires_in: Sessions.refreshSeconds,
      }),
    };
  }
}
