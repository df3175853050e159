import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Role } from '../../http/principal';
import { PRIORITIES, type Priority } from '../engine/inference-engine';

const QUOTED_PRIORITIES = PRIORITIES.map((priority) => `'${priority}'`).join(', ');

/** Images that were sent together. Its state is that of its images. */
@Entity({ name: 'inference_batches' })
@Index('inference_batches_created_by_ix', ['createdBy', 'createdAt'])
@Check('inference_batches_priority_ck', `priority IN (${QUOTED_PRIORITIES})`)
export class InferenceBatch {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'inference_batches_pk' })
  id: string;

  @Column({ name: 'created_by', type: 'uuid' })
  @ForeignKey('User', { name: 'inference_batches_created_by_fk', onDelete: 'RESTRICT' })
  createdBy: string;

  /** When it was sent: decides which models answer. */
  @Column({ name: 'created_by_role', type: 'text' })
  createdByRole: Role;

  @Column({ type: 'text' })
  priority: Priority;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'cancelled_at', type: 'timestamptz', nullable: true })
  cancelledAt: Date | null;

  /** When nothing was left to do. */
  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt: Date | null;
}
