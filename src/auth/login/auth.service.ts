import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { logins } from '../auth.metrics';
import { Lockout, type ReservedAttempt } from '../lockout/lockout.service';
import { lockAccount, RevocationStore } from '../revocation/revocation-store';
import { Sessions } from '../sessions/sessions.service';
import { User } from '../users/user.entity';
import { SessionOpening } from './session-opening.service';
import type { TokenResponse } from './token.response';

@Injectable()
export class AuthService {
  constructor(
    private readonly trail: AuditTrail,
    private readonly opening: SessionOpening,
    private readonly sessions: Sessions,
    private readonly lockout: Lockout,
    private readonly revocations: RevocationStore,
  ) {}

  /** @throws DomainError AUTH_INVALID_CREDENTIALS, whatever the reason */
  async login(attempt: ReservedAttempt, password: string): Promise<TokenResponse> {
    const { accountId, passwordHash, tokenVersion } = attempt;
    if (accountId !== undefined) this.trail.describe({ objectType: 'user', objectId: accountId });
    const right = await this.lockout.verify(attempt, password);
    const answer = right ? await this.opening.open(accountId!, 'password', tokenVersion) : undefined;
    if (answer !== undefined) {
      logins.inc({ method: 'password', outcome: 'success' });
      return answer;
    }
    const locked = accountId !== undefined && passwordHash === undefined;
    logins.inc({ method: 'password', outcome: locked ? 'locked' : 'refused' });
    throw new DomainError('AUTH_INVALID_CREDENTIALS');
  }

  async refresh(refreshToken: string): Promise<TokenResponse> {
    const answer = await this.revocations.transaction(async (manager, revoke) => {
      const renewal = await this.sessions.renew(manager, refreshToken);
      if (renewal.outcome === 'unknown') return undefined;
      const { userId, sessionId } = renewal;
      const user = await manager.findOneByOrFail(User, { id: userId });
      const facts = {
        objectType: 'session',
        objectId: sessionId,
        actorId: userId,
        actorRole: user.role,
      } as const;
      if (renewal.outcome === 'reused') {
        await revoke({ kind: 'session', sessionId });
        await this.trail.record(manager, 'auth.reuse_detected', facts);
        return undefined;
      }
      await this.trail.write(manager, facts);
      return this.opening.tokensFor(user, sessionId, renewal.refreshToken);
    });
    if (answer === undefined) throw new DomainError('AUTH_REFRESH_INVALID');
    return answer;
  }

  async logout({ userId, sessionId, tokenId, tokenExpiresAt, keyId }: Principal): Promise<void> {
    if (keyId !== undefined) throw new DomainError('AUTH_SERVICE_ACCOUNT_ONLY');
    await this.revocations.transaction(async (manager, revoke) => {
      await lockAccount(manager, userId);
      await revoke({ kind: 'token', tokenId, userId, expiresAt: tokenExpiresAt });
      await revoke({ kind: 'session', sessionId });
      await this.trail.write(manager, { objectType: 'session', objectId: sessionId });
    });
  }
}
