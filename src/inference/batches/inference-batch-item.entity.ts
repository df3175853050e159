import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { InferenceBatch } from './inference-batch.entity';

export const ITEM_STATUSES = ['queued', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];

const QUOTED_STATUSES = ITEM_STATUSES.map((status) => `'${status}'`).join(', ');

/** An image of a batch: its place, how far it is, and, while it waits, the image itself. */
@Entity({ name: 'inference_batch_items' })
@Unique('inference_batch_items_inference_id_uq', ['inferenceId'])
@Index('inference_batch_items_turn_at_ix', ['turnAt', 'batchId', 'position'], { where: 'image IS NOT NULL' })
@Check('inference_batch_items_status_ck', `status IN (${QUOTED_STATUSES})`)
@Check('inference_batch_items_image_ck', "(image IS NOT NULL) = (status IN ('queued', 'processing'))")
@Check('inference_batch_items_turn_ck', 'image IS NULL OR (turn_at IS NOT NULL AND free_at IS NOT NULL)')
@Check('inference_batch_items_position_ck', 'position BETWEEN 0 AND 99')
export class InferenceBatchItem {
  @PrimaryColumn({ name: 'batch_id', type: 'uuid', primaryKeyConstraintName: 'inference_batch_items_pk' })
  @ForeignKey(() => InferenceBatch, { name: 'inference_batch_items_batch_id_fk', onDelete: 'CASCADE' })
  batchId: string;

  /** In the request, from 0. */
  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: 'inference_batch_items_pk' })
  position: number;

  /** Id of the result, known from the start: no image can have two. */
  @Column({ name: 'inference_id', type: 'uuid' })
  inferenceId: string;

  @Column({ type: 'text' })
  status: ItemStatus;

  /** Sealed, see `image-seal.ts`; erased when the image is done. */
  @Column({ type: 'bytea', nullable: true, select: false })
  image: Buffer | null;

  /** The earlier, the sooner its turn. */
  @Column({ name: 'turn_at', type: 'timestamptz', nullable: true })
  turnAt: Date | null;

  /** May be taken from then on: the end of its worker's lease, or of a pause. */
  @Column({ name: 'free_at', type: 'timestamptz', nullable: true })
  freeAt: Date | null;

  /** Who took it last. */
  @Column({ name: 'worker_id', type: 'uuid', nullable: true })
  workerId: string | null;

  @Column({ type: 'smallint', default: 0 })
  attempts: number;
}
