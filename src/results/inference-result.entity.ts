import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { FieldError } from '../errors/domain.error';
import type { ErrorCode } from '../errors/error-codes';

export const RESULT_STATUSES = [
  'pending',
  'processing',
  'completed',
  'failed',
  'reviewed',
  'approved',
] as const;
export type ResultStatus = (typeof RESULT_STATUSES)[number];

export interface Prediction {
  readonly label: string | null;
  readonly index: number;
  readonly score: number;
  readonly above_threshold: boolean;
}

export interface ResultError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

const QUOTED_STATUSES = RESULT_STATUSES.map((status) => `'${status}'`).join(', ');

/** Only an image of a batch that failed before it reached the model lacks any of these. */
const COMPLETE = `status = 'failed' OR num_nulls(
    model_version_id, model_status, image_width, image_height, image_format, image_hash, preprocessing_latency_ms,
    inference_latency_ms, model_file_hash, manifest_hash, runtime_version) = 0`;

/** Marked means to be purged, and when; a result under hold is not. */
const MARKED = `num_nulls(marked_at, purge_after) <> 1 AND
  (marked_at IS NULL OR (NOT legal_hold AND purge_after >= marked_at))`;

/** What a model said about an image, and everything that made it say so. */
@Entity({ name: 'inference_results' })
@Index('inference_results_created_at_ix', ['createdAt', 'id'])
@Index('inference_results_model_version_id_ix', ['modelVersionId', 'createdAt', 'id'])
@Index('inference_results_created_by_ix', ['createdBy', 'createdAt', 'id'])
@Index('inference_results_status_ix', ['status', 'createdAt', 'id'])
@Index('inference_results_is_valid_ix', ['isValid', 'createdAt', 'id'])
@Index('inference_results_study_date_ix', ['studyDate', 'createdAt', 'id'], {
  where: 'study_date IS NOT NULL',
})
@Index('inference_results_patient_id_ix', ['patientId', 'createdAt', 'id'], {
  where: 'patient_id IS NOT NULL',
})
@Index('inference_results_batch_id_ix', ['batchId', 'createdAt', 'id'], { where: 'batch_id IS NOT NULL' })
@Index('inference_results_expires_at_ix', ['expiresAt', 'id'], {
  where: 'marked_at IS NULL AND NOT legal_hold',
})
@Index('inference_results_purge_after_ix', ['purgeAfter', 'id'], { where: 'purge_after IS NOT NULL' })
@Index('inference_results_marked_at_ix', ['createdAt', 'id'], { where: 'marked_at IS NOT NULL' })
@Index('inference_results_legal_hold_ix', ['createdAt', 'id'], { where: 'legal_hold' })
@Check('inference_results_status_ck', `status IN (${QUOTED_STATUSES})`)
@Check('inference_results_confidence_score_ck', 'confidence_score BETWEEN 0 AND 1')
@Check('inference_results_queue_latency_ms_ck', 'queue_latency_ms >= 0')
@Check('inference_results_preprocessing_latency_ms_ck', 'preprocessing_latency_ms >= 0')
@Check('inference_results_inference_latency_ms_ck', 'inference_latency_ms >= 0')
@Check('inference_results_review_revision_ck', 'review_revision >= 0')
@Check('inference_results_image_size_ck', 'image_width > 0 AND image_height > 0')
@Check('inference_results_complete_ck', COMPLETE)
@Check('inference_results_marked_ck', MARKED)
export class InferenceResult {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'inference_results_pk' })
  id: string;

  @Column({ name: 'model_version_id', type: 'uuid', nullable: true })
  @ForeignKey('ModelVersion', { name: 'inference_results_model_version_id_fk', onDelete: 'RESTRICT' })
  modelVersionId: string | null;

  /** Status of the version when it answered: anything but `production` marks the result. */
  @Column({ name: 'model_status', type: 'text', nullable: true })
  modelStatus: string | null;

  @Column({ name: 'batch_id', type: 'uuid', nullable: true })
  @ForeignKey('InferenceBatch', { name: 'inference_results_batch_id_fk', onDelete: 'RESTRICT' })
  batchId: string | null;

  @Column({ type: 'text' })
  status: ResultStatus;

  /** The verdict of the validation, for lists; null: never assessed. */
  @Column({ name: 'is_valid', type: 'boolean', nullable: true })
  isValid: boolean | null;

  @Column({ name: 'confidence_score', type: 'double precision', nullable: true })
  confidenceScore: number | null;

  @Column({ type: 'json', nullable: true })
  prediction: Prediction | null;

  /** Output name → nested arrays; null when the model did not run. */
  @Column({ type: 'json', nullable: true })
  outputs: object | null;

  /** Why it failed; null otherwise. */
  @Column({ type: 'json', nullable: true })
  error: ResultError | null;

  /** Pseudonym, never the identifier itself. In the order of its bytes, so that an index finds those of one key. */
  @Column({ name: 'patient_id', type: 'text', nullable: true, collation: 'C' })
  patientId: string | null;

  /** ISO 8601 date. */
  @Column({ name: 'study_date', type: 'date', nullable: true })
  studyDate: string | null;

  @Column({ name: 'anatomical_region', type: 'text', nullable: true })
  anatomicalRegion: string | null;

  @Column({ name: 'image_width', type: 'integer', nullable: true })
  imageWidth: number | null;

  @Column({ name: 'image_height', type: 'integer', nullable: true })
  imageHeight: number | null;

  @Column({ name: 'image_format', type: 'text', nullable: true })
  imageFormat: string | null;

  /** SHA-256, hex. */
  @Column({ name: 'image_hash', type: 'text', nullable: true })
  imageHash: string | null;

  /** What was done to the image before the model saw it; null in rows that are older than this column. */
  @Column({ type: 'json', nullable: true })
  processing: object | null;

  /** Null in rows that are older than this column. */
  @Column({ name: 'queue_latency_ms', type: 'double precision', nullable: true })
  queueLatencyMs: number | null;

  @Column({ name: 'preprocessing_latency_ms', type: 'double precision', nullable: true })
  preprocessingLatencyMs: number | null;

  @Column({ name: 'inference_latency_ms', type: 'double precision', nullable: true })
  inferenceLatencyMs: number | null;

  @Column({ name: 'model_file_hash', type: 'text', nullable: true })
  modelFileHash: string | null;

  @Column({ name: 'manifest_hash', type: 'text', nullable: true })
  manifestHash: string | null;

  @Column({ name: 'runtime_version', type: 'text', nullable: true })
  runtimeVersion: string | null;

  @Column({ name: 'created_by', type: 'uuid' })
  @ForeignKey('User', { name: 'inference_results_created_by_fk', onDelete: 'RESTRICT' })
  createdBy: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  /** From then on it may be purged; null: never. It can only become later. */
  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt: Date | null;

  /** A hold is in force; kept by a trigger of `legal_holds`. */
  @Column({ name: 'legal_hold', type: 'boolean', default: false })
  legalHold: boolean;

  /** It has expired and will be purged; a hold undoes it. */
  @Column({ name: 'marked_at', type: 'timestamptz', nullable: true })
  markedAt: Date | null;

  @Column({ name: 'purge_after', type: 'timestamptz', nullable: true })
  purgeAfter: Date | null;

  /** Of the newest review; 0: none yet. */
  @Column({ name: 'review_revision', type: 'integer', default: 0 })
  reviewRevision: number;

  @Column({ name: 'reviewed_by', type: 'uuid', nullable: true })
  @ForeignKey('User', { name: 'inference_results_reviewed_by_fk', onDelete: 'RESTRICT' })
  reviewedBy: string | null;

  @Column({ name: 'reviewed_at', type: 'timestamptz', nullable: true })
  reviewedAt: Date | null;

  @Column({ name: 'review_comments', type: 'text', nullable: true })
  reviewComments: string | null;
}
