import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AccountsConfig } from '../../config/accounts.config';
import { AuditTrail } from '../../audit/audit-trail.service';

/** An account whose next password may be verified. */
export interface ReservedAttempt {
  readonly userId: string;
  readonly passwordHash: string;
}

const WAIT_FOR_OTHERS_MS = 2_000;

/** Counts login attempts before their passwords are verified, so that parallel guesses cannot exceed the threshold. */
@Injectable()
export class Lockout {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly config: AccountsConfig,
  ) {}

  /**
   * Takes one of the account's attempts. While other logins of the same account are being verified it waits for them,
   * because their success gives the attempts back.
   * @returns undefined for an account that is unknown, deactivated or locked
   */
  async reserve(username: string): Promise<ReservedAttempt | undefined> {
    const deadline = performance.now() + WAIT_FOR_OTHERS_MS;
    do {
      const attempt = await this.tryReserve(username);
      if (attempt !== undefined) return attempt;
      if (!(await this.mayBecomeFree(username))) return undefined;
      await sleep(25);
    } while (performance.now() < deadline);
    return undefined;
  }

  /** Gives all attempts back after a right password. */
  async succeeded(userId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE users SET failed_login_attempts = 0, locked_until = NULL, last_login_at = now() WHERE id = $1`,
      [userId],
    );
  }

  /** Locks the account if that was the last attempt it had. */
  async failed(userId: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [locked] = await manager.query<[{ id: string }[], number]>(
        `UPDATE users SET locked_until = now() + make_interval(secs => $2)
         WHERE id = $1 AND failed_login_attempts >= $3 AND (locked_until IS NULL OR locked_until <= now())
         RETURNING id`,
        [userId, this.config.lockoutSeconds, this.config.lockoutThreshold],
      );
      if (locked.length > 0) {
        await this.trail.record(manager, 'user.locked', { objectType: 'user', objectId: userId });
      }
    });
  }

  private async tryReserve(username: string): Promise<ReservedAttempt | undefined> {
    const [rows] = await this.dataSource.query<[{ id: string; password_hash: string }[], number]>(
      `UPDATE users SET
         failed_login_attempts = CASE WHEN last_login_attempt_at > now() - make_interval(secs => $2) AND locked_until IS NULL
                                      THEN failed_login_attempts + 1 ELSE 1 END,
         locked_until = NULL,
         last_login_attempt_at = now()
       WHERE username = $1 AND is_active AND (locked_until IS NULL OR locked_until <= now())
         AND (failed_login_attempts < $3 OR locked_until <= now()
              OR last_login_attempt_at <= now() - make_interval(secs => $2))
       RETURNING id, password_hash`,
      [username, this.config.lockoutWindowSeconds, this.config.lockoutThreshold],
    );
    const row = rows[0];
    return row && { userId: row.id, passwordHash: row.password_hash };
  }

  private async mayBecomeFree(username: string): Promise<boolean> {
    const [row] = await this.dataSource.query<{ open: boolean }[]>(
      'SELECT locked_until IS NULL AS open FROM users WHERE username = $1 AND is_active',
      [username],
    );
    return row?.open ?? false;
  }
}
