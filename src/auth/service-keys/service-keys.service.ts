import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { lockAccount, RevocationStore, type Revoke } from '../revocation/revocation-store';
import { newApiKey } from './api-keys.service';
import type { CreateServiceKeyDto } from './create-service-key.dto';
import { assertionKey } from './service-key';
import {
  type ServiceKeyListResponse,
  type ServiceKeyResponse,
  type ServiceKeyRow,
  toServiceKeyResponse,
} from './service-key.response';

const MAX_ACTIVE = 2;

/** Keys of service accounts, as administrators make, list and revoke them. */
@Injectable()
export class ServiceKeys {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly revocations: RevocationStore,
  ) {}

  async create(principal: Principal, userId: string, dto: CreateServiceKeyDto): Promise<ServiceKeyResponse> {
    this.trail.describe({ objectType: 'user', objectId: userId });
    const secret = dto.kind === 'api_key' ? newApiKey() : undefined;
    const thumbprint = dto.public_key && assertionKey(dto.public_key)?.thumbprint;
    return this.dataSource.transaction(async (manager) => {
      await lockServiceAccount(manager, userId);
      await this.assertRoom(manager, userId, dto.kind);
      const [row] = await manager.query<[ServiceKeyRow]>(
        `INSERT INTO service_keys (id, user_id, kind, name, prefix, secret_hash, public_key, thumbprint, allowed_cidrs,
           created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(days => $11)) RETURNING *`,
        [
          uuidv7(),
          userId,
          dto.kind,
          dto.name,
          secret?.prefix,
          secret?.secretHash,
          dto.public_key,
          thumbprint,
          dto.allowed_cidrs,
          principal.userId,
          dto.expires_in_days,
        ],
      );
      await this.trail.write(manager, { details: { service_key_id: row.id, key_kind: dto.kind } });
      return { ...toServiceKeyResponse(row), ...(secret && { api_key: secret.key }) };
    });
  }

  async list(userId: string): Promise<ServiceKeyListResponse> {
    this.trail.describe({ objectType: 'user', objectId: userId });
    const { manager } = this.dataSource;
    if (!(await exists(manager, userId))) throw new DomainError('USER_NOT_FOUND');
    const rows = await manager.query<ServiceKeyRow[]>(
      'SELECT * FROM service_keys WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100',
      [userId],
    );
    return { items: rows.map(toServiceKeyResponse) };
  }

  /** Access tokens that were had for a public key end with it, as do all others of the account. */
  async revoke(userId: string, keyId: string): Promise<ServiceKeyResponse> {
    this.trail.describe({ objectType: 'user', objectId: userId, details: { service_key_id: keyId } });
    return this.revocations.transaction(async (manager: EntityManager, revoke: Revoke) => {
      await lockAccount(manager, userId);
      const [rows] = await manager.query<[ServiceKeyRow[], number]>(
        `UPDATE service_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND user_id = $2 RETURNING *`,
        [keyId, userId],
      );
      const row = rows[0];
      if (row === undefined) throw new DomainError('SERVICE_KEY_NOT_FOUND');
      if (row.kind === 'public_key') await revoke({ kind: 'account', userId });
      await this.trail.write(manager, { details: { key_kind: row.kind } });
      return toServiceKeyResponse(row);
    });
  }

  private async assertRoom(manager: EntityManager, userId: string, kind: string): Promise<void> {
    const [row] = await manager.query<[{ active: number }]>(
      `SELECT count(*)::int AS active FROM service_keys
       WHERE user_id = $1 AND kind = $2 AND revoked_at IS NULL AND expires_at > now()`,
      [userId, kind],
    );
    if (row.active >= MAX_ACTIVE) throw new DomainError('SERVICE_KEY_LIMIT');
  }
}

const exists = async (manager: EntityManager, userId: string): Promise<boolean> =>
  (await manager.query<unknown[]>('SELECT FROM users WHERE id = $1', [userId])).length > 0;

async function lockServiceAccount(manager: EntityManager, userId: string): Promise<void> {
  const [user] = await manager.query<{ role: string; is_active: boolean }[]>(
    'SELECT role, is_active FROM users WHERE id = $1 FOR NO KEY UPDATE',
    [userId],
  );
  if (user === undefined) throw new DomainError('USER_NOT_FOUND');
  if (!user.is_active) throw new DomainError('USER_DEACTIVATED');
  if (user.role !== 'integration') throw new DomainError('AUTH_SERVICE_ACCOUNT_ONLY');
}
