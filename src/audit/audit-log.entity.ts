import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An entry of the chain. The database reads the query columns out of `canonical`. */
@Entity({ name: 'audit_logs', synchronize: false })
export class AuditLog {
  /** Dense, from 1. A 64-bit integer, as text. */
  @PrimaryColumn({ type: 'bigint' })
  readonly seq: string;

  @Column({ type: 'text' })
  readonly canonical: string;

  @Column({ name: 'entry_hash', type: 'bytea' })
  readonly entryHash: Buffer;

  @Column({ name: 'previous_hash', type: 'bytea' })
  readonly previousHash: Buffer;

  @Column({ name: 'sequenced_at', type: 'timestamptz' })
  readonly sequencedAt: Date;

  @Column({ name: 'event_id', type: 'uuid', update: false, insert: false })
  readonly eventId: string;

  @Column({ name: 'occurred_at', type: 'text', update: false, insert: false })
  readonly occurredAt: string;

  @Column({ name: 'actor_id', type: 'text', update: false, insert: false })
  readonly actorId: string | null;

  @Column({ type: 'text', update: false, insert: false })
  readonly action: string;

  @Column({ name: 'object_type', type: 'text', update: false, insert: false })
  readonly objectType: string | null;

  @Column({ name: 'object_id', type: 'text', update: false, insert: false })
  readonly objectId: string | null;

  @Column({ type: 'text', update: false, insert: false })
  readonly outcome: string;
}
