import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { IDToken } from 'openid-client';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import type { Role } from '../../http/principal';
import { UNUSABLE_PASSWORD } from '../passwords/passwords.service';
import { RevocationStore, type Revoke } from '../revocation/revocation-store';
import { assertNotLastAdministrator, lockAdministrators } from '../users/administrators';
import { User } from '../users/user.entity';
import { foldUsername, isUsername } from '../users/username';

/** Accounts of people who come from the provider. An account is found by issuer and subject, never by a name or e-mail. */
@Injectable()
export class SsoAccounts {
  constructor(
    private readonly revocations: RevocationStore,
    private readonly trail: AuditTrail,
  ) {}

  /** @returns the id, or undefined for an account that is deactivated */
  accountOf(claims: IDToken, role: Role): Promise<string | undefined> {
    return this.revocations.transaction(async (manager, revoke) => {
      await lockAdministrators(manager);
      await lockIdentity(manager, claims);
      const id = (await find(manager, claims)) ?? (await this.create(manager, claims, role));
      const user = await manager.findOneOrFail(User, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!user.isActive) return undefined;
      if (user.role !== role) await this.changeRole(manager, revoke, user, role);
      return id;
    });
  }

  private async create(manager: EntityManager, claims: IDToken, role: Role): Promise<string> {
    const id = uuidv7();
    const now = new Date();
    await manager.insert(User, {
      id,
      username: await freeUsername(manager, claims),
      email: await freeAddress(manager, claims, id),
      passwordHash: UNUSABLE_PASSWORD,
      role,
      fullName: oneLine(claims['name']) ?? 'Unnamed',
      createdAt: now,
      updatedAt: now,
    });
    await manager.query('INSERT INTO user_identities (issuer, subject, user_id) VALUES ($1, $2, $3)', [
      claims.iss,
      claims.sub,
      id,
    ]);
    await this.trail.record(manager, 'user.created', {
      objectType: 'user',
      objectId: id,
      actorRole: 'system',
      details: { role, login_method: 'sso' },
    });
    return id;
  }

  private async changeRole(manager: EntityManager, revoke: Revoke, user: User, role: Role): Promise<void> {
    if (user.role === 'admin') await assertNotLastAdministrator(manager);
    await manager.update(User, { id: user.id }, { role, updatedAt: new Date() });
    await revoke({ kind: 'account', userId: user.id });
    await this.trail.record(manager, 'user.role_changed', {
      objectType: 'user',
      objectId: user.id,
      actorRole: 'system',
      details: { login_method: 'sso', changes: { role: { old: user.role, new: role } } },
    });
  }
}

/** Two first logins of one person at once make one account. */
async function lockIdentity(manager: EntityManager, { iss, sub }: IDToken): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sso ${iss} ${sub}`]);
}

async function find(manager: EntityManager, { iss, sub }: IDToken): Promise<string | undefined> {
  const [row] = await manager.query<{ user_id: string }[]>(
    'SELECT user_id FROM user_identities WHERE issuer = $1 AND subject = $2',
    [iss, sub],
  );
  return row?.user_id;
}

/** The name the provider gives, unless an account has it: then one with a tail, for nobody takes over an account by a name. */
async function freeUsername(manager: EntityManager, claims: IDToken): Promise<string> {
  const { iss, sub, preferred_username } = claims;
  const tail = createHash('sha256').update(`${iss} ${sub}`).digest('hex').slice(0, 12);
  const offered = foldUsername(typeof preferred_username === 'string' ? preferred_username : '');
  const name = isUsername(offered) ? offered : 'sso';
  const taken = name === 'sso' || (await manager.existsBy(User, { username: name }));
  return taken ? `${Array.from(name).slice(0, 50).join('')}-${tail}` : name;
}

async function freeAddress(manager: EntityManager, { email }: IDToken, id: string): Promise<string> {
  const address = typeof email === 'string' && email.length <= 254 ? email.toLowerCase() : '';
  const usable = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(address);
  return usable && !(await manager.existsBy(User, { email: address })) ? address : `${id}@sso.invalid`;
}

function oneLine(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  return (
    name
      .replaceAll(/[\p{Cc}\p{Surrogate}]/gu, '')
      .trim()
      .slice(0, 200) || undefined
  );
}
