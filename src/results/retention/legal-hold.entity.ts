import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { InferenceResult } from '../inference-result.entity';

/** Why a result is kept beyond its time. Never changed but by its release; triggers see to it. */
@Entity({ name: 'legal_holds' })
@Index('legal_holds_inference_result_id_ix', ['inferenceResultId', 'placedAt'])
@Check(
  'legal_holds_reason_ck',
  'length(reason) BETWEEN 1 AND 2000 AND length(release_reason) BETWEEN 1 AND 2000',
)
@Check('legal_holds_release_ck', 'num_nulls(release_reason, released_by, released_at) IN (0, 3)')
export class LegalHold {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'legal_holds_pk' })
  id: string;

  @Column({ name: 'inference_result_id', type: 'uuid' })
  @ForeignKey(() => InferenceResult, { name: 'legal_holds_inference_result_id_fk', onDelete: 'CASCADE' })
  inferenceResultId: string;

  @Column({ type: 'text' })
  reason: string;

  @Column({ name: 'placed_by', type: 'uuid' })
  @ForeignKey('User', { name: 'legal_holds_placed_by_fk', onDelete: 'RESTRICT' })
  placedBy: string;

  @Column({ name: 'placed_at', type: 'timestamptz' })
  placedAt: Date;

  @Column({ name: 'release_reason', type: 'text', nullable: true })
  releaseReason: string | null;

  @Column({ name: 'released_by', type: 'uuid', nullable: true })
  @ForeignKey('User', { name: 'legal_holds_released_by_fk', onDelete: 'RESTRICT' })
  releasedBy: string | null;

  @Column({ name: 'released_at', type: 'timestamptz', nullable: true })
  releasedAt: Date | null;
}
