import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Principal, Role } from '../../http/principal';
import type { AccessTokenClaims } from '../tokens/access-tokens';

const IDLE_SECONDS = 3_600;
const ABSOLUTE_SECONDS = 12 * 3_600;

interface SessionRow {
  readonly username: string;
  readonly role: Role;
}

export interface RotatedSession {
  readonly userId: string;
  readonly familyId: string;
  readonly refreshToken: string;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Refresh-token families and revoked access tokens. PostgreSQL is the truth for every replica. */
@Injectable()
export class Sessions {
  static readonly refreshSeconds = IDLE_SECONDS;

  constructor(private readonly dataSource: DataSource) {}

  /** Role and state come from the row, so that a change counts with the next request. */
  async principalOf({ sub, sid, jti, exp }: AccessTokenClaims): Promise<Principal | false> {
    const [user] = await this.dataSource.query<SessionRow[]>(
      `SELECT username, role FROM users
       WHERE id = $1 AND is_active
         AND NOT EXISTS (SELECT FROM revoked_tokens WHERE jti = $2)
         AND NOT EXISTS (SELECT FROM refresh_tokens WHERE family_id = $3 AND revoked_at IS NOT NULL)`,
      [sub, jti, sid],
    );
    if (user === undefined) return false;
    return { userId: sub, ...user, sessionId: sid, tokenId: jti, tokenExpiresAt: new Date(exp * 1000) };
  }

  /** Opens a session. @returns its first refresh token */
  open(manager: EntityManager, userId: string, familyId: string): Promise<string> {
    return this.addToken(manager, userId, familyId, null);
  }

  /** Replaces a refresh token by its successor. A token that was used before revokes its whole family. */
  async rotate(manager: EntityManager, token: string): Promise<RotatedSession | undefined> {
    const [used] = await manager.query<
      [{ user_id: string; family_id: string; family_expires_at: Date }[], number]
    >(
      `UPDATE refresh_tokens SET used_at = now()
       WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL
         AND expires_at > now() AND family_expires_at > now()
         AND EXISTS (SELECT FROM users WHERE users.id = user_id AND is_active)
       RETURNING user_id, family_id, family_expires_at`,
      [hashOf(token)],
    );
    const link = used[0];
    if (link === undefined) return undefined;
    const successor = await this.addToken(manager, link.user_id, link.family_id, link.family_expires_at);
    return { userId: link.user_id, familyId: link.family_id, refreshToken: successor };
  }

  async revokeFamilyOfUsed(manager: EntityManager, token: string): Promise<void> {
    await manager.query(
      `UPDATE refresh_tokens SET revoked_at = now()
       WHERE revoked_at IS NULL
         AND family_id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1 AND used_at IS NOT NULL)`,
      [hashOf(token)],
    );
  }

  /** Ends a session: the access token in hand and every refresh token of the family. */
  async end(manager: EntityManager, principal: Principal): Promise<void> {
    await manager.query(
      `INSERT INTO revoked_tokens (jti, user_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT (jti) DO NOTHING`,
      [principal.tokenId, principal.userId, principal.tokenExpiresAt],
    );
    await manager.query(
      'UPDATE refresh_tokens SET revoked_at = now() WHERE family_id = $1 AND revoked_at IS NULL',
      [principal.sessionId],
    );
  }

  /** Ends every session of the account, on every replica, with the next request. */
  async endAll(manager: EntityManager, principal: Principal): Promise<void> {
    await this.end(manager, principal);
    await manager.query(
      'UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL',
      [principal.userId],
    );
  }

  /**
   * @param familyExpiresAt the absolute limit that the family has, or null for a new family
   * @returns the token: 256 random bits, stored as a hash
   */
  private async addToken(
    manager: EntityManager,
    userId: string,
    familyId: string,
    familyExpiresAt: Date | null,
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await manager.query(
      `INSERT INTO refresh_tokens (id, family_id, user_id, token_hash, expires_at, family_expires_at)
       SELECT $1, $2, $3, $4, least(now() + make_interval(secs => $5), absolute_limit), absolute_limit
       FROM coalesce($6::timestamptz, now() + make_interval(secs => $7)) AS absolute_limit`,
      [uuidv7(), familyId, userId, hashOf(token), IDLE_SECONDS, familyExpiresAt, ABSOLUTE_SECONDS],
    );
    return token;
  }
}
