import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { UNUSABLE_PASSWORD } from '../passwords/passwords.service';
import { RevocationStore, type Revoke } from '../revocation/revocation-store';
import { assertNotLastAdministrator, lockAdministrators } from './administrators';
import { changesTo } from './changes-to';
import type { UnlockUserDto } from './unlock-user.dto';
import type { UpdateUserDto } from './update-user.dto';
import { User } from './user.entity';
import { type PasswordResetResponse, toUserResponse, type UserResponse } from './user.response';
import { refusingTakenNames } from './users.service';

const RESET_HOURS = 24;

type Change = (manager: EntityManager, user: User, revoke: Revoke) => Promise<void>;

/** What administrators do to accounts. Each change counts on every replica with the next request. */
@Injectable()
export class UserChanges {
  constructor(
    private readonly revocations: RevocationStore,
    private readonly trail: AuditTrail,
  ) {}

  /** Nobody changes their own role, and one active administrator always remains. */
  update(principal: Principal, id: string, dto: UpdateUserDto): Promise<UserResponse> {
    return this.change(id, async (manager, user, revoke) => {
      if (!user.isActive) throw new DomainError('USER_DEACTIVATED');
      const { columns, details } = changesTo(user, dto);
      if (columns.role !== undefined) {
        if (id === principal.userId) throw new DomainError('USER_OWN_ACCOUNT');
        if (user.role === 'admin') await assertNotLastAdministrator(manager);
        await revoke({ kind: 'account', userId: id });
        await this.trail.record(manager, 'user.role_changed', { objectType: 'user', objectId: id, details });
      }
      await refusingTakenNames(manager.update(User, { id }, { ...columns, updatedAt: new Date() }));
      this.trail.describe({ details });
    });
  }

  unlock(id: string, { revoke_sessions }: UnlockUserDto): Promise<UserResponse> {
    return this.change(id, async (manager, user, revoke) => {
      await manager.update(
        User,
        { id },
        { failedLoginAttempts: 0, lockedUntil: null, updatedAt: new Date() },
      );
      if (revoke_sessions) await revoke({ kind: 'account', userId: id });
      const old = user.lockedUntil?.toISOString() ?? null;
      this.trail.describe({ details: { changes: { locked_until: { old, new: null } } } });
    });
  }

  /** For good: the name stays taken. Keys of a service account end with it. */
  deactivate(principal: Principal, id: string): Promise<UserResponse> {
    return this.change(id, async (manager, user, revoke) => {
      if (!user.isActive) return;
      if (id === principal.userId) throw new DomainError('USER_OWN_ACCOUNT');
      if (user.role === 'admin') await assertNotLastAdministrator(manager);
      const now = new Date();
      await manager.update(User, { id }, { isActive: false, deactivatedAt: now, updatedAt: now });
      await manager.query(
        'UPDATE service_keys SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL',
        [id],
      );
      await revoke({ kind: 'account', userId: id });
      this.trail.describe({ details: { changes: { is_active: { old: true, new: false } } } });
    });
  }

  /** Ends the password and every session at once; a token that is good for one new password takes its place. */
  async resetPassword(principal: Principal, id: string): Promise<PasswordResetResponse> {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + RESET_HOURS * 3_600_000);
    await this.change(id, async (manager, user, revoke) => {
      if (id === principal.userId) throw new DomainError('USER_OWN_ACCOUNT');
      if (!user.isActive) throw new DomainError('USER_DEACTIVATED');
      await manager.update(
        User,
        { id },
        {
          passwordHash: UNUSABLE_PASSWORD,
          previousPasswordHash:
            user.passwordHash === UNUSABLE_PASSWORD ? user.previousPasswordHash : user.passwordHash,
          passwordChangedAt: null,
          failedLoginAttempts: 0,
          lockedUntil: null,
          updatedAt: new Date(),
        },
      );
      await manager.query('DELETE FROM password_resets WHERE user_id = $1 AND used_at IS NULL', [id]);
      await manager.query(
        'INSERT INTO password_resets (token_hash, user_id, created_by, expires_at) VALUES ($1, $2, $3, $4)',
        [createHash('sha256').update(token).digest(), id, principal.userId, expiresAt],
      );
      await revoke({ kind: 'account', userId: id });
    });
    return { reset_token: token, expires_at: expiresAt.toISOString() };
  }

  private change(id: string, change: Change): Promise<UserResponse> {
    this.trail.describe({ objectType: 'user', objectId: id });
    return this.revocations.transaction(async (manager, revoke) => {
      await lockAdministrators(manager);
      const user = await lockUser(manager, id);
      await change(manager, user, revoke);
      await this.trail.write(manager);
      return toUserResponse(await manager.findOneByOrFail(User, { id }));
    });
  }
}

async function lockUser(manager: EntityManager, id: string): Promise<User> {
  const user = await manager.findOne(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (user === null) throw new DomainError('USER_NOT_FOUND');
  return user;
}
