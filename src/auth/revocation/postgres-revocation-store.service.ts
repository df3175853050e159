import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { revocationChecks } from '../auth.metrics';
import { type Revocation, RevocationStore, type Revoke, type TokenIdentity } from './revocation-store';

/** The truth: the rows themselves. */
@Injectable()
export class PostgresRevocationStore implements RevocationStore {
  readonly answering = 'postgresql';

  constructor(private readonly dataSource: DataSource) {}

  async isRevoked({ tokenId, sessionId, userId, version }: TokenIdentity): Promise<boolean> {
    revocationChecks.inc({ store: 'postgresql' });
    const counting = await this.dataSource.query<unknown[]>(
      `SELECT FROM users
       WHERE id = $1 AND is_active AND token_version = $2
         AND NOT EXISTS (SELECT FROM revoked_tokens WHERE jti = $3)
         AND NOT EXISTS (SELECT FROM refresh_tokens WHERE family_id = $4 AND revoked_at IS NOT NULL)`,
      [userId, version, tokenId, sessionId],
    );
    return counting.length === 0;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  transaction<T>(work: (manager: EntityManager, revoke: Revoke) => Promise<T>): Promise<T> {
    return this.dataSource.transaction((manager) =>
      work(manager, (revocation) => storeRevocation(manager, revocation)),
    );
  }
}

export async function storeRevocation(manager: EntityManager, revocation: Revocation): Promise<void> {
  switch (revocation.kind) {
    case 'token':
      await manager.query(
        `INSERT INTO revoked_tokens (jti, user_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT (jti) DO NOTHING`,
        [revocation.tokenId, revocation.userId, revocation.expiresAt],
      );
      return;
    case 'session':
      await manager.query(
        'UPDATE refresh_tokens SET revoked_at = now() WHERE family_id = $1 AND revoked_at IS NULL',
        [revocation.sessionId],
      );
      return;
    case 'account':
      await manager.query(
        'UPDATE users SET token_version = token_version + 1, tokens_revoked_at = now() WHERE id = $1',
        [revocation.userId],
      );
      await manager.query(
        'UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL',
        [revocation.userId],
      );
  }
}
