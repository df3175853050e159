import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { AccountsConfig } from '../../config/accounts.config';
import { accountsLocked } from '../auth.metrics';
import { Passwords } from '../passwords/passwords.service';
import { AccountTurns } from './account-turns';

/** A password that may be verified now; of an account that is unknown, deactivated or locked it only seems to be. */
export interface ReservedAttempt {
  /** The account, if there is one of that name that is active. */
  readonly accountId?: string;
  /** Undefined: whatever the password, the answer is no. */
  readonly passwordHash?: string;
  /** The account's `token_version` now: what raises it before a session is open ends the attempt too. */
  readonly tokenVersion?: number;
  /** Lets the next attempt at the same account begin. To be called in any case. */
  readonly release: () => void;
}

interface Reservation {
  /** Null: there is no such account, or it is deactivated. */
  readonly id: string | null;
  readonly password_hash: string | null;
  readonly token_version: number | null;
  /** No attempt is left, but the account is not locked: attempts of other replicas are being verified. */
  readonly undecided: boolean;
  /** The last attempt began so long ago that whoever verified it has died with it. */
  readonly abandoned: boolean;
}

const ABANDONED_SECONDS = 10;
const LOOK_AGAIN_MS = 50;

/** Counts login attempts before their passwords are verified, so that parallel guesses cannot exceed the threshold. */
@Injectable()
export class Lockout {
  private readonly turns = new AccountTurns();

  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly passwords: Passwords,
    private readonly config: AccountsConfig,
  ) {}

  /** Takes one of the account's attempts. Every name costs the same here, whether there is such an account or not. */
  async reserve(username: string): Promise<ReservedAttempt> {
    const release = await this.turns.take(username);
    try {
      const reservation = await this.reserveInTurn(username);
      return {
        accountId: reservation.id ?? undefined,
        passwordHash: reservation.password_hash ?? undefined,
        tokenVersion: reservation.token_version ?? undefined,
        release,
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Verifies the password and settles the attempt: success gives all attempts back, the last failure locks. */
  async verify(attempt: ReservedAttempt, password: string): Promise<boolean> {
    const { accountId, passwordHash } = attempt;
    try {
      const right = await this.passwords.verify(passwordHash, password, accountId);
      if (right) await this.succeeded(accountId!, passwordHash!, password);
      else await this.failed(passwordHash === undefined ? null : accountId!);
      return right;
    } finally {
      attempt.release();
    }
  }

  private async reserveInTurn(username: string): Promise<Reservation> {
    for (;;) {
      const reservation = await this.tryReserve(username);
      if (!reservation.undecided) return reservation;
      if (reservation.abandoned) {
        await this.failed(reservation.id);
        return reservation;
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }

  private async succeeded(userId: string, passwordHash: string, password: string): Promise<void> {
    const newHash = this.passwords.isOutdated(passwordHash) ? await this.passwords.hash(password) : null;
    await this.dataSource.query(
      `UPDATE users SET failed_login_attempts = 0, locked_until = NULL,
         password_hash = CASE WHEN password_hash = $2 THEN coalesce($3, password_hash) ELSE password_hash END
       WHERE id = $1`,
      [userId, passwordHash, newHash],
    );
  }

  /** @param userId null for an account that cannot be locked: the same statements, so that time tells nothing */
  private async failed(userId: string | null): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [[locked]] = await manager.query<[{ locked_until: Date }[], number]>(
        `UPDATE users SET locked_until = now() + make_interval(secs => $2)
         WHERE id = $1 AND failed_login_attempts >= $3 AND (locked_until IS NULL OR locked_until <= now())
         RETURNING locked_until`,
        [userId, this.config.lockoutSeconds, this.config.lockoutThreshold],
      );
      if (locked === undefined) return;
      accountsLocked.inc();
      await this.trail.record(manager, 'user.locked', {
        objectType: 'user',
        objectId: userId!,
        details: { changes: { locked_until: { old: null, new: locked.locked_until.toISOString() } } },
      });
    });
  }

  /** Where there is nothing to count, a message in the WAL takes its place: the commit waits for the disk either way. */
  private async tryReserve(username: string): Promise<Reservation> {
    const [row] = await this.dataSource.query<[Reservation]>(
      `WITH account AS MATERIALIZED (
         SELECT id, locked_until IS NULL AS unlocked, last_login_attempt_at < now() - make_interval(secs => $4) AS abandoned
         FROM users WHERE username = $1 AND is_active
       ), reserved AS (
         UPDATE users SET
           failed_login_attempts = CASE WHEN last_login_attempt_at > now() - make_interval(secs => $2) AND locked_until IS NULL
                                        THEN failed_login_attempts + 1 ELSE 1 END,
           locked_until = NULL,
           last_login_attempt_at = now()
         WHERE id = (SELECT id FROM account) AND is_active AND (locked_until IS NULL OR locked_until <= now())
           AND (failed_login_attempts < $3 OR locked_until <= now()
                OR last_login_attempt_at <= now() - make_interval(secs => $2))
         RETURNING id, password_hash, token_version
       ), written AS MATERIALIZED (
         SELECT CASE WHEN NOT EXISTS (SELECT FROM reserved) THEN pg_logical_emit_message(true, 'medai login', '') END
       )
       SELECT account.id, password_hash, token_version, reserved.id IS NULL AND account.unlocked IS TRUE AS undecided,
         account.abandoned IS TRUE AS abandoned
       FROM written LEFT JOIN account ON true LEFT JOIN reserved ON reserved.id = account.id`,
      [username, this.config.lockoutWindowSeconds, this.config.lockoutThreshold, ABANDONED_SECONDS],
    );
    return row;
  }
}
