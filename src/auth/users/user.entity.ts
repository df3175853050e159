import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import { ROLES, type Role } from '../../http/principal';

const QUOTED_ROLES = ROLES.map((role) => `'${role}'`).join(', ');

/** An account. Deactivated, never deleted, its name never reused. */
@Entity({ name: 'users' })
@Unique('users_username_uq', ['username'])
@Unique('users_email_uq', ['email'])
@Check('users_role_ck', `role IN (${QUOTED_ROLES})`)
@Check('users_failed_login_attempts_ck', 'failed_login_attempts >= 0')
export class User {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'users_pk' })
  id: string;

  /** Folded: NFKC, lower case. */
  @Column({ type: 'text' })
  username: string;

  @Column({ type: 'text' })
  email: string;

  /** argon2id, PHC string. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash: string;

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

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'now()' })
  updatedAt: Date;

  @Column({ name: 'deactivated_at', type: 'timestamptz', nullable: true })
  deactivatedAt: Date | null;
}
