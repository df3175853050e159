import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { Lockout } from '../lockout/lockout.service';
import { lockAccount, RevocationStore } from '../revocation/revocation-store';
import { User } from '../users/user.entity';
import { assertNotGuessable } from './password-policy';
import { Passwords } from './passwords.service';

/** New passwords, as the owner of an account sets them. All sessions of the account end. */
@Injectable()
export class PasswordChanges {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly passwords: Passwords,
    private readonly lockout: Lockout,
    private readonly revocations: RevocationStore,
  ) {}

  /** A wrong current password counts for the lockout like a login: a stolen token is no way to guess on. */
  async change({ userId, username }: Principal, current: string, next: string): Promise<void> {
    this.trail.describe({ objectType: 'user', objectId: userId });
    const user = await this.dataSource.manager.findOneByOrFail(User, { id: userId });
    const attempt = await this.lockout.reserve(username);
    if (!(await this.lockout.verify(attempt, current))) throw new DomainError('AUTH_INVALID_CREDENTIALS');
    await this.set(user, next);
  }

  /** @throws DomainError PASSWORD_RESET_INVALID for a token that is unknown, used, replaced or expired */
  async reset(resetToken: string, next: string): Promise<void> {
    const hash = createHash('sha256').update(resetToken).digest();
    const [reset] = await this.dataSource.query<{ user_id: string; role: string }[]>(
      `SELECT user_id, role FROM password_resets JOIN users ON users.id = user_id
       WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() AND is_active`,
      [hash],
    );
    if (reset === undefined) throw new DomainError('PASSWORD_RESET_INVALID');
    const { user_id: objectId, role: actorRole } = reset;
    this.trail.describe({ objectType: 'user', objectId, actorId: objectId, actorRole });
    const user = await this.dataSource.manager.findOneByOrFail(User, { id: objectId });
    await this.set(user, next, hash);
  }

  /**
   * @param user as it was before its owner proved who they are: what an administrator does to it meanwhile comes first
   * @param resetHash of the token that is used up by this
   */
  private async set(user: User, next: string, resetHash?: Buffer): Promise<void> {
    const { id: userId, tokenVersion } = user;
    assertNotGuessable(next, user, 'new_password');
    for (const used of [user.passwordHash, user.previousPasswordHash]) {
      if (used !== null && (await this.passwords.verify(used, next, userId)))
        throw new DomainError('PASSWORD_REUSED');
    }
    const passwordHash = await this.passwords.hash(next);
    await this.revocations.transaction(async (manager, revoke) => {
      await lockAccount(manager, userId);
      if (resetHash !== undefined) {
        const [used] = await manager.query<[unknown[], number]>(
          'UPDATE password_resets SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL RETURNING user_id',
          [resetHash],
        );
        if (used.length === 0) throw new DomainError('PASSWORD_RESET_INVALID');
      }
      const [set] = await manager.query<[unknown[], number]>(
        `UPDATE users SET password_hash = $2, password_changed_at = now(), updated_at = now(),
           previous_password_hash = CASE WHEN $3 THEN previous_password_hash ELSE password_hash END
         WHERE id = $1 AND is_active AND token_version = $4 RETURNING id`,
        [userId, passwordHash, resetHash !== undefined, tokenVersion],
      );
      if (set.length === 0) throw new DomainError('AUTH_INVALID_CREDENTIALS');
      await revoke({ kind: 'account', userId });
      await this.trail.write(manager);
    });
  }
}
