import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/**
 * A request that may be sent again. It is answered when what it makes exists: a result or a batch of the id that is
 * written down here before the work begins.
 */
@Entity({ name: 'idempotency_keys' })
@Index('idempotency_keys_expires_at_ix', ['expiresAt'])
@Check('idempotency_keys_hashes_ck', 'octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32')
export class IdempotencyKey {
  @PrimaryColumn({ name: 'principal_id', type: 'uuid', primaryKeyConstraintName: 'idempotency_keys_pk' })
  @ForeignKey('User', { name: 'idempotency_keys_principal_id_fk', onDelete: 'CASCADE' })
  principalId: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'idempotency_keys_pk' })
  route: string;

  /** SHA-256. */
  @PrimaryColumn({ name: 'key_hash', type: 'bytea', primaryKeyConstraintName: 'idempotency_keys_pk' })
  keyHash: Buffer;

  /** SHA-256, see `request-fingerprint.ts`. */
  @Column({ type: 'bytea' })
  fingerprint: Buffer;

  /** Of the result or the batch. */
  @Column({ name: 'object_id', type: 'uuid' })
  objectId: string;

  /** Of the request that works on it. */
  @Column({ name: 'claim_id', type: 'uuid' })
  claimId: string;

  /** From then on, when there is no answer, another may work on it. */
  @Column({ name: 'leased_until', type: 'timestamptz' })
  leasedUntil: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}
