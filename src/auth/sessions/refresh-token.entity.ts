import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { User } from '../users/user.entity';

/** One link of a session's chain of refresh tokens. */
@Entity({ name: 'refresh_tokens' })
@Unique('refresh_tokens_token_hash_uq', ['tokenHash'])
@Index('refresh_tokens_family_id_ix', ['familyId'])
@Index('refresh_tokens_user_id_ix', ['userId'])
@Index('refresh_tokens_revoked_at_ix', ['revokedAt'])
export class RefreshToken {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'refresh_tokens_pk' })
  id: string;

  /** The session: `sid` of its access tokens. */
  @Column({ name: 'family_id', type: 'uuid' })
  familyId: string;

  @Column({ name: 'user_id', type: 'uuid' })
  @ForeignKey(() => User, { name: 'refresh_tokens_user_id_fk', onDelete: 'RESTRICT' })
  userId: string;

  /** SHA-256 of the opaque token. */
  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;

  @Column({ name: 'family_expires_at', type: 'timestamptz' })
  familyExpiresAt: Date;

  @Column({ name: 'used_at', type: 'timestamptz', nullable: true })
  usedAt: Date | null;

  /** HMAC key under which this token gives its successor again within the grace. */
  @Column({ name: 'successor_salt', type: 'bytea', nullable: true })
  successorSalt: Buffer | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt: Date | null;
}
