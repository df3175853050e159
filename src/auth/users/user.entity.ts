import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import { ROLES, type Role } from '../../http/principal';

const QUOTED_ROLES = ROLES.map((role) => `'${role}'`).join(', ');

/** An account. Deactivated, never deleted, its name never reused. */
@Entity({ name: 'users' })
@Unique('users_username_uq', ['username'])
@Unique('users_email_uq', ['email'])
@Check('users_role_ck', `role IN (${QUOTED_ROLES})`)
@Check('users_failed_login_attempts_ck', 'failed_login_attempts >= 0')
@Check('users_token_version_ck', 'token_version >= 0')
@Index('users_tokens_revoked_at_ix', ['tokensRevokedAt'])
export class User {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'users_pk' })
  id: string;

  /** Folded: NFKC, lower case. */
  @Column({ type: 'text' })
  username: string;

  @Column({ type: 'text' })
  email: string;

  /** argon2id, PHC string, with the pepper's id before it if there is one; `UNUSABLE_PASSWORD` matches nothing. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash: string;

  /** Neither this nor the present password may come next. */
  @Column({ name: 'previous_password_hash', type: 'text', nullable: true })
  previousPasswordHash: string | null;

  @Column({ type: 'text' })
  role: Role;

  @Column({ name: 'full_name', type: 'text' })
  fullName: string;

  @Column({ type: 'text', nullable: true })
  organization: string | null;

  @Column({ name: 'is_active', type: 'boolean', default: true })
  isActive: boolean;

  @Column({ name: 'failed_login_attempts', type: 'integer', default: 0 })
  failedLoginAttempts: number;

  @Column({ name: 'last_login_attempt_at', type: 'timestamptz', nullable: true })
  lastLoginAttemptAt: Date | null;

  @Column({ name: 'locked_until', type: 'timestamptz', nullable: true })
  lockedUntil: Date | null;

  @Column({ name: 'last_login_at', type: 'timestamptz', nullable: true })
  lastLoginAt: Date | null;

  /** Null while the password is one that somebody else chose. */
  @Column({ name: 'password_changed_at', type: 'timestamptz', nullable: true })
  passwordChangedAt: Date | null;

  /** Access tokens of an earlier version are refused. */
  @Column({ name: 'token_version', type: 'integer', default: 0 })
  tokenVersion: number;

  @Column({ name: 'tokens_revoked_at', type: 'timestamptz', nullable: true })
  tokensRevokedAt: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt: Date;

  @Column({ name: 'deactivated_at', type: 'timestamptz', nullable: true })
  deactivatedAt: Date | null;
}
