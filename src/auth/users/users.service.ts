import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { assertNotGuessable } from '../passwords/password-policy';
import { Passwords } from '../passwords/passwords.service';
import type { CreateUserDto } from './create-user.dto';
import type { ListUsersDto } from './list-users.dto';
import { User } from './user.entity';
import { toUserResponse, type UserPageResponse, type UserResponse } from './user.response';
import { foldUsername } from './username';

const UNIQUE_VIOLATION = '23505';

/** Makes and reads accounts. */
@Injectable()
export class Users {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly passwords: Passwords,
  ) {}

  async create(dto: CreateUserDto): Promise<UserResponse> {
    assertNotGuessable(dto.password, dto, 'password');
    const user = await this.newUser(dto);
    return this.dataSource.transaction(async (manager) => {
      await insertUser(manager, user);
      await this.trail.write(manager, {
        objectType: 'user',
        objectId: user.id,
        details: { role: user.role },
      });
      return toUserResponse(user);
    });
  }

  async list({ skip, limit, role, is_active, username }: ListUsersDto): Promise<UserPageResponse> {
    const [users, total] = await this.dataSource.manager.findAndCount(User, {
      where: {
        ...(role !== undefined && { role }),
        ...(is_active !== undefined && { isActive: is_active === 'true' }),
        ...(username !== undefined && { username: foldUsername(username) }),
      },
      order: { createdAt: 'DESC', id: 'DESC' },
      skip,
      take: limit,
    });
    this.trail.describe({ objectType: 'user', details: { count: users.length } });
    return { items: users.map(toUserResponse), total, skip, limit };
  }

  async get(id: string): Promise<UserResponse> {
    this.trail.describe({ objectType: 'user', objectId: id });
    const user = await this.dataSource.manager.findOneBy(User, { id });
    if (user === null) throw new DomainError('USER_NOT_FOUND');
    return toUserResponse(user);
  }

  me({ userId }: Principal): Promise<UserResponse> {
    return this.get(userId);
  }

  /** Makes an account that nobody asked for over HTTP: the first administrator, the demo accounts. */
  async install(dto: CreateUserDto, options: { readonly ownPassword: boolean }): Promise<User | undefined> {
    const username = foldUsername(dto.username);
    if (await this.dataSource.manager.existsBy(User, { username })) return undefined;
    const user = await this.newUser(dto);
    if (options.ownPassword) user.passwordChangedAt = user.createdAt;
    await this.dataSource.transaction(async (manager) => {
      await insertUser(manager, user);
      const details = { role: user.role };
      await this.trail.record(manager, 'user.created', {
        objectType: 'user',
        objectId: user.id,
        actorRole: 'system',
        details,
      });
    });
    return user;
  }

  findByUsername(username: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { username: foldUsername(username) });
  }

  hasAdmin(): Promise<boolean> {
    return this.dataSource.manager.existsBy(User, { role: 'admin', isActive: true });
  }

  private async newUser(dto: CreateUserDto): Promise<User> {
    const now = new Date();
    return Object.assign(new User(), {
      id: uuidv7(),
      username: foldUsername(dto.username),
      email: dto.email.toLowerCase(),
      passwordHash: await this.passwords.hash(dto.password),
      previousPasswordHash: null,
      role: dto.role,
      fullName: dto.full_name,
      organization: dto.organization ?? null,
      isActive: true,
      failedLoginAttempts: 0,
      lastLoginAttemptAt: null,
      lockedUntil: null,
      lastLoginAt: null,
      passwordChangedAt: null,
      tokenVersion: 0,
      tokensRevokedAt: null,
      createdAt: now,
      updatedAt: now,
      deactivatedAt: null,
    });
  }
}

/** @throws DomainError USER_ALREADY_EXISTS for a name or an e-mail that an account has or had */
async function insertUser(manager: EntityManager, user: User): Promise<void> {
  await refusingTakenNames(manager.insert(User, user));
}

export async function refusingTakenNames(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    throw new DomainError('USER_ALREADY_EXISTS', undefined, { cause: error });
  }
}
