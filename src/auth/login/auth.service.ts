import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from '../tokens/access-tokens';
import { Lockout, type ReservedAttempt } from '../lockout/lockout.service';
import { hashPassword, verifyPassword } from '../passwords/passwords';
import { Sessions } from '../sessions/sessions.service';
import type { TokenResponse } from './token.response';
import { User } from '../users/user.entity';

@Injectable()
export class AuthService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly tokens: AccessTokens,
    private readonly sessions: Sessions,
    private readonly lockout: Lockout,
  ) {}

  /** @throws DomainError AUTH_INVALID_CREDENTIALS, whatever the reason */
  async login({ userId, passwordHash }: ReservedAttempt, password: string): Promise<TokenResponse> {
    this.trail.describe({ objectType: 'user', objectId: userId });
    if (!(await verifyPassword(passwordHash, password))) {
      await this.lockout.failed(userId);
      throw new DomainError('AUTH_INVALID_CREDENTIALS');
    }
    await this.lockout.succeeded(userId);
    const sessionId = uuidv7();
    return this.dataSource.transaction(async (manager) => {
      const user = await manager.findOneByOrFail(User, { id: userId });
      const refreshToken = await this.sessions.open(manager, userId, sessionId);
      await this.trail.write(manager, { actorId: userId, actorRole: user.role });
      return this.tokensFor(user, sessionId, refreshToken);
    });
  }

  async refresh(refreshToken: string): Promise<TokenResponse> {
    const answer = await this.dataSource.transaction(async (manager) => {
      const session = await this.sessions.rotate(manager, refreshToken);
      if (session === undefined) return undefined;
      const user = await manager.findOneByOrFail(User, { id: session.userId });
      await this.trail.write(manager, {
        objectType: 'session',
        objectId: session.familyId,
        actorId: user.id,
        actorRole: user.role,
      });
      return this.tokensFor(user, session.familyId, session.refreshToken);
    });
    if (answer !== undefined) return answer;
    await this.sessions.revokeFamilyOfUsed(this.dataSource.manager, refreshToken);
    throw new DomainError('AUTH_REFRESH_INVALID');
  }

  async logout(principal: Principal): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.sessions.end(manager, principal);
      await this.trail.write(manager, { objectType: 'session', objectId: principal.sessionId });
    });
  }

  /** Every other session of the account ends with the old password; so does this one. */
  async changePassword(principal: Principal, current: string, next: string): Promise<void> {
    this.trail.describe({ objectType: 'user', objectId: principal.userId });
    const user = await this.dataSource.manager.findOneByOrFail(User, { id: principal.userId });
    if (!(await verifyPassword(user.passwordHash, current)))
      throw new DomainError('AUTH_INVALID_CREDENTIALS');
    const passwordHash = await hashPassword(next);
    await this.dataSource.transaction(async (manager) => {
      const now = new Date();
      await manager.update(User, { id: user.id }, { passwordHash, passwordChangedAt: now, updatedAt: now });
      await this.sessions.endAll(manager, principal);
      await this.trail.write(manager);
    });
  }

  private tokensFor(user: User, sessionId: string, refreshToken: string): TokenResponse {
    return {
      access_token: this.tokens.issue(user, sessionId),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      refresh_token: refreshToken,
      refresh_expires_in: Sessions.refreshSeconds,
    };
  }
}
