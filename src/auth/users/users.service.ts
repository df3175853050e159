import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import type { CreateUserDto } from './create-user.dto';
import { hashPassword } from '../passwords/passwords';
import { User } from './user.entity';
import { toUserResponse, type UserResponse } from './user.response';
import { foldUsername } from './username';

const UNIQUE_VIOLATION = '23505';

@Injectable()
export class Users {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  async create(dto: CreateUserDto): Promise<UserResponse> {
    const user = await newUser(dto);
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

  async me({ userId }: Principal): Promise<UserResponse> {
    this.trail.describe({ objectType: 'user', objectId: userId });
    return toUserResponse(await this.dataSource.manager.findOneByOrFail(User, { id: userId }));
  }

  /** Makes an account that nobody asked for over HTTP: the first administrator, the demo accounts. */
  async install(dto: CreateUserDto, options: { readonly ownPassword: boolean }): Promise<User | undefined> {
    const username = foldUsername(dto.username);
    if (await this.dataSource.manager.existsBy(User, { username })) return undefined;
    const user = await newUser(dto);
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
}

async function newUser(dto: CreateUserDto): Promise<User> {
  const now = new Date();
  return Object.assign(new User(), {
    id: uuidv7(),
    username: foldUsername(dto.username),
    email: dto.email.toLowerCase(),
    passwordHash: await hashPassword(dto.password),
    role: dto.role,
    fullName: dto.full_name,
    organization: dto.organization ?? null,
    isActive: true,
    failedLoginAttempts: 0,
    lastLoginAttemptAt: null,
    lockedUntil: null,
    lastLoginAt: null,
    passwordChangedAt: null,
    createdAt: now,
    updatedAt: now,
    deactivatedAt: null,
  });
}

async function insertUser(manager: EntityManager, user: User): Promise<void> {
  try {
    await manager.insert(User, user);
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    throw new DomainError('USER_ALREADY_EXISTS', undefined, { cause: error });
  }
}
