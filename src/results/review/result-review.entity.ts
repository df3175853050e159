import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { InferenceResult } from '../inference-result.entity';

export const REVIEW_DECISIONS = ['reviewed', 'corrected', 'approved'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

const QUOTED_DECISIONS = REVIEW_DECISIONS.map((decision) => `'${decision}'`).join(', ');

/** One revision of what was said about a result. Append-only. */
@Entity({ name: 'result_reviews' })
@Unique('result_reviews_revision_uq', ['inferenceResultId', 'revision'])
@Check('result_reviews_decision_ck', `decision IN (${QUOTED_DECISIONS})`)
@Check('result_reviews_signature_ck', `(decision = 'approved') = (signature_id IS NOT NULL)`)
@Check('result_reviews_revision_ck', 'revision > 0')
@Check('result_reviews_comments_ck', 'length(comments) BETWEEN 1 AND 4000')
export class ResultReview {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'result_reviews_pk' })
  id: string;

  @Column({ name: 'inference_result_id', type: 'uuid' })
  @ForeignKey(() => InferenceResult, {
    name: 'result_reviews_inference_result_id_fk',
    onDelete: 'CASCADE',
  })
  inferenceResultId: string;

  /** From 1, without gaps. */
  @Column({ type: 'integer' })
  revision: number;

  @Column({ type: 'text' })
  decision: ReviewDecision;

  /** The reviewer's own judgement: one of the model's labels. */
  @Column({ type: 'text', nullable: true })
  label: string | null;

  @Column({ type: 'text', nullable: true })
  comments: string | null;

  @Column({ name: 'reviewed_by', type: 'uuid' })
  @ForeignKey('User', { name: 'result_reviews_reviewed_by_fk', onDelete: 'RESTRICT' })
  reviewedBy: string;

  @Column({ name: 'reviewed_at', type: 'timestamptz' })
  reviewedAt: Date;

  @Column({ name: 'signature_id', type: 'uuid', nullable: true })
  @ForeignKey('ElectronicSignature', { name: 'result_reviews_signature_id_fk', onDelete: 'RESTRICT' })
  signatureId: string | null;
}
