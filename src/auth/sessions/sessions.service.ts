import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { lockAccount } from '../revocation/revocation-store';

const IDLE_SECONDS = 3_600;
const ABSOLUTE_SECONDS = 12 * 3_600;
/** For a client that sent its token twice, or lost the answer. */
const GRACE_SECONDS = 10;

interface PresentedToken {
  readonly user_id: string;
  readonly family_id: string;
  readonly family_expires_at: Date;
  readonly successor_salt: Buffer | null;
  readonly counts: boolean;
  readonly used: boolean;
  readonly in_grace: boolean;
}

export type Renewal =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'reused'; readonly userId: string; readonly sessionId: string }
  | {
      readonly outcome: 'renewed';
      readonly userId: string;
      readonly sessionId: string;
      readonly refreshToken: string;
    };

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Families of refresh tokens: 256 random bits each, stored as a hash, replaced at every use. */
@Injectable()
export class Sessions {
  static readonly refreshSeconds = IDLE_SECONDS;

  /** Opens a session. @returns its first refresh token */
  async open(manager: EntityManager, userId: string, sessionId: string): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await this.add(manager, token, userId, sessionId, null);
    return token;
  }

  /**
   * Replaces a refresh token by its successor. Within the grace the same token gives the same successor: it is derived
   * from the token by a key that only the row has, so that neither the token nor the table alone tells it. After the
   * grace a token that was used is in two hands: `reused`.
   */
  async renew(manager: EntityManager, token: string): Promise<Renewal> {
    const owner = await this.find(manager, token);
    if (owner === undefined) return { outcome: 'unknown' };
    await lockAccount(manager, owner.user_id);
    const presented = (await this.find(manager, token))!;
    const { user_id: userId, family_id: sessionId } = presented;
    if (!presented.counts) return { outcome: 'unknown' };
    if (presented.used && !presented.in_grace) return { outcome: 'reused', userId, sessionId };

    const salt = presented.successor_salt ?? randomBytes(32);
    const refreshToken = createHmac('sha256', salt).update(token).digest('base64url');
    if (!presented.used) {
      await manager.query(
        `UPDATE refresh_tokens SET used_at = clock_timestamp(), successor_salt = $2
         WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL`,
        [hashOf(token), salt],
      );
      await this.add(manager, refreshToken, userId, sessionId, presented.family_expires_at);
    }
    return { outcome: 'renewed', userId, sessionId, refreshToken };
  }

  private async find(manager: EntityManager, token: string): Promise<PresentedToken | undefined> {
    const [row] = await manager.query<PresentedToken[]>(
      `SELECT user_id, family_id, family_expires_at, successor_salt, used_at IS NOT NULL AS used,
         revoked_at IS NULL AND family_expires_at > clock_timestamp() AND is_active
           AND (used_at IS NOT NULL OR expires_at > clock_timestamp()) AS counts,
         coalesce(used_at > clock_timestamp() - make_interval(secs => $2), false) AS in_grace
       FROM refresh_tokens JOIN users ON users.id = user_id
       WHERE token_hash = $1`,
      [hashOf(token), GRACE_SECONDS],
    );
    return row;
  }

  /** @param familyExpiresAt the absolute limit that the family has, or null for a new family */
  private async add(
    manager: EntityManager,
    token: string,
    userId: string,
    familyId: string,
    familyExpiresAt: Date | null,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO refresh_tokens (id, family_id, user_id, token_hash, expires_at, family_expires_at)
       SELECT $1, $2, $3, $4, least(now() + make_interval(secs => $5), absolute_limit), absolute_limit
       FROM coalesce($6::timestamptz, now() + make_interval(secs => $7)) AS absolute_limit`,
      [uuidv7(), familyId, userId, hashOf(token), IDLE_SECONDS, familyExpiresAt, ABSOLUTE_SECONDS],
    );
  }
}
