import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import type { Principal, Role } from '../../http/principal';
import { isWithin } from './cidr';

/** `mf_<id>_<secret>`: 64 random bits to find it by, 256 that prove it. */
const API_KEY = /^mf_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const BEARER_API_KEY = /^Bearer +(mf_\S*)$/i;
const LAST_USED_PRECISION_SECONDS = 60;

interface KeyRow {
  readonly id: string;
  readonly user_id: string;
  readonly username: string;
  readonly role: Role;
  readonly secret_hash: Buffer;
  readonly allowed_cidrs: readonly string[] | null;
  readonly expires_at: Date;
  readonly used_lately: boolean;
}

export interface NewApiKey {
  readonly key: string;
  readonly prefix: string;
  readonly secretHash: Buffer;
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export function newApiKey(): NewApiKey {
  const prefix = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { key: `mf_${prefix}_${secret}`, prefix, secretHash: hashOf(secret) };
}

/** What looks like a key of a service account; access tokens start otherwise. */
export const apiKeyOf = ({ headers }: Pick<Request, 'headers'>): string | undefined =>
  BEARER_API_KEY.exec(headers.authorization ?? '')?.[1];

/** Keys of service accounts, sent in place of an access token. Asked of PostgreSQL on every request: revoking is at once. */
@Injectable()
export class ApiKeys {
  constructor(private readonly dataSource: DataSource) {}

  async authenticate(key: string, ip: string | undefined): Promise<Principal | undefined> {
    const [, prefix, secret] = API_KEY.exec(key) ?? [];
    if (prefix === undefined || secret === undefined) return undefined;
    const row = await this.find(prefix);
    if (row === undefined || !timingSafeEqual(row.secret_hash, hashOf(secret))) return undefined;
    if (row.allowed_cidrs !== null && !isWithin(ip, row.allowed_cidrs)) return undefined;
    if (!row.used_lately) await this.noteUse(row.id);
    const { id, user_id: userId, username, role, expires_at: tokenExpiresAt } = row;
    return { userId, username, role, sessionId: id, tokenId: id, tokenExpiresAt, keyId: id };
  }

  private async find(prefix: string): Promise<KeyRow | undefined> {
    const [row] = await this.dataSource.query<KeyRow[]>(
      `SELECT key.id, key.user_id, username, role, secret_hash, allowed_cidrs, expires_at,
         coalesce(last_used_at > now() - make_interval(secs => $2), false) AS used_lately
       FROM service_keys key JOIN users ON users.id = key.user_id
       WHERE prefix = $1 AND kind = 'api_key' AND revoked_at IS NULL AND expires_at > now()
         AND is_active AND role = 'integration'`,
      [prefix, LAST_USED_PRECISION_SECONDS],
    );
    return row;
  }

  private async noteUse(id: string): Promise<void> {
    await this.dataSource.query('UPDATE service_keys SET last_used_at = now() WHERE id = $1', [id]);
  }
}
