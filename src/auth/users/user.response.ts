import { ApiProperty } from '@nestjs/swagger';
import { ROLES } from '../../http/principal';
import type { User } from './user.entity';

export class UserResponse {
  @ApiProperty()
  readonly user_id: string;

  @ApiProperty()
  readonly username: string;

  @ApiProperty()
  readonly email: string;

  @ApiProperty({ enum: ROLES })
  readonly role: string;

  @ApiProperty()
  readonly full_name: string;

  @ApiProperty({ type: String, nullable: true })
  readonly organization: string | null;

  @ApiProperty()
  readonly is_active: boolean;

  @ApiProperty({
    description: 'Nothing can be signed until the owner has changed a password that somebody else chose',
  })
  readonly password_change_required: boolean;

  @ApiProperty()
  readonly failed_login_attempts: number;

  @ApiProperty({ type: String, nullable: true })
  readonly locked_until: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly last_login_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly password_changed_at: string | null;

  @ApiProperty()
  readonly created_at: string;

  @ApiProperty()
  readonly updated_at: string;

  @ApiProperty({ type: String, nullable: true })
  readonly deactivated_at: string | null;
}

export class UserPageResponse {
  @ApiProperty({ type: [UserResponse] })
  readonly items: readonly UserResponse[];

  @ApiProperty()
  readonly total: number;

  @ApiProperty()
  readonly skip: number;

  @ApiProperty()
  readonly limit: number;
}

export class PasswordResetResponse {
  @ApiProperty({
    description: 'For the owner of the account, to be used once with POST /auth/password/reset',
  })
  readonly reset_token: string;

  @ApiProperty()
  readonly expires_at: string;
}

export function toUserResponse(user: User): UserResponse {
  return {
    user_id: user.id,
    username: user.username,
    email: user.email,
    role: user.role,
    full_name: user.fullName,
    organization: user.organization,
    is_active: user.isActive,
    password_change_required: user.passwordChangedAt === null,
    failed_login_attempts: user.failedLoginAttempts,
    locked_until: user.lockedUntil?.toISOString() ?? null,
    last_login_at: user.lastLoginAt?.toISOString() ?? null,
    password_changed_at: user.passwordChangedAt?.toISOString() ?? null,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
    deactivated_at: user.deactivatedAt?.toISOString() ?? null,
  };
}
