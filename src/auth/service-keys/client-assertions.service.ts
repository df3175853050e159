import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { decode, verify } from 'jsonwebtoken';
import { DataSource, type EntityManager } from 'typeorm';
import { AccountsConfig } from '../../config/accounts.config';
import { TOKEN_ISSUER } from '../tokens/access-tokens';
import { CLOCK_SKEW_SECONDS } from '../tokens/signing-keys.service';
import { assertionKey } from './service-key';

const MAX_LIFETIME_SECONDS = 300;

export interface VerifiedAssertion {
  readonly userId: string;
  readonly keyId: string;
  readonly jti: string;
  readonly exp: number;
}

interface KeyRow {
  readonly id: string;
  readonly public_key: string;
}

/** RFC 7523: a JWT that a service account signs with its own key, five minutes at most, good for one token. */
@Injectable()
export class ClientAssertions {
  private readonly audiences: [string, ...string[]];

  constructor(
    private readonly dataSource: DataSource,
    { publicUrl }: AccountsConfig,
  ) {
    this.audiences = [
      TOKEN_ISSUER,
      ...(publicUrl === undefined ? [] : [publicUrl, `${publicUrl}/auth/token`]),
    ];
  }

  /** @returns undefined for whatever is not a valid assertion; nothing is said of why */
  async verify(assertion: string): Promise<VerifiedAssertion | undefined> {
    const decoded = decode(assertion, { complete: true });
    if (decoded === null || typeof decoded.payload !== 'object') return undefined;
    const { sub } = decoded.payload;
    const { kid, crit } = decoded.header;
    if (!isUUID(sub) || typeof kid !== 'string' || kid.length > 64 || crit !== undefined) return undefined;
    const row = await this.find(sub!, kid);
    const key = row && assertionKey(row.public_key);
    if (row === undefined || key === undefined) return undefined;
    try {
      const claims = verify(assertion, key.key, {
        algorithms: [...key.algorithms],
        audience: this.audiences,
        issuer: sub,
        subject: sub,
        clockTolerance: CLOCK_SKEW_SECONDS,
      });
      if (typeof claims !== 'object' || typeof claims.jti !== 'string' || claims.exp === undefined)
        return undefined;
      const tooLong = claims.exp > Date.now() / 1000 + MAX_LIFETIME_SECONDS + CLOCK_SKEW_SECONDS;
      return tooLong ? undefined : { userId: sub!, keyId: row.id, jti: claims.jti, exp: claims.exp };
    } catch {
      return undefined;
    }
  }

  /**
   * The account must be locked, so that a token is had before its key is revoked, and revoked with it, or not at all.
   * @returns false if it was used before, of two at once by the first; or if key or account ended meanwhile
   */
  async use(manager: EntityManager, { userId, keyId, jti, exp }: VerifiedAssertion): Promise<boolean> {
    const hash = createHash('sha256').update(`${keyId} ${jti}`).digest();
    const used = await manager.query<unknown[]>(
      `INSERT INTO used_assertions (assertion_hash, expires_at) VALUES ($1, to_timestamp($2))
       ON CONFLICT DO NOTHING RETURNING assertion_hash`,
      [hash, exp + 2 * CLOCK_SKEW_SECONDS],
    );
    if (used.length === 0) return false;
    const [counting] = await manager.query<[unknown[], number]>(
      `UPDATE service_keys key SET last_used_at = now() FROM users
       WHERE key.id = $1 AND key.revoked_at IS NULL AND users.id = $2 AND is_active AND role = 'integration'
       RETURNING key.id`,
      [keyId, userId],
    );
    return counting.length > 0;
  }

  private async find(userId: string, thumbprint: string): Promise<KeyRow | undefined> {
    const [row] = await this.dataSource.query<KeyRow[]>(
      `SELECT key.id, public_key FROM service_keys key JOIN users ON users.id = key.user_id
       WHERE key.user_id = $1 AND thumbprint = $2 AND revoked_at IS NULL AND expires_at > now()
         AND is_active AND role = 'integration'`,
      [userId, thumbprint],
    );
    return row;
  }
}
