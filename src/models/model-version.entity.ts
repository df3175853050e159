import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Manifest } from './manifest';
import type { OnnxDescription } from './onnx/onnx-description';
import type { SelfTest } from './self-test';
import type { Histogram } from './stats/confidence-histogram';

export const MODEL_STATUSES = ['development', 'validation', 'production', 'deprecated'] as const;
export type ModelStatus = (typeof MODEL_STATUSES)[number];

/** Dimensions as the file says; a string is the name of one that each run decides. */
export type ModelShape = readonly (number | string)[];

const QUOTED_STATUSES = MODEL_STATUSES.map((status) => `'${status}'`).join(', ');

@Entity({ name: 'model_versions' })
@Unique('model_versions_model_name_version_uq', ['modelName', 'version'])
@Index('model_versions_created_at_ix', ['createdAt', 'id'])
@Index('model_versions_status_ix', ['status', 'clinicalDomain', 'deployedAt'])
@Index('model_versions_file_hash_ix', ['fileHash'])
@Check('model_versions_status_ck', `status IN (${QUOTED_STATUSES})`)
@Check('model_versions_confidence_threshold_ck', 'confidence_threshold BETWEEN 0 AND 1')
@Check('model_versions_file_hash_ck', `file_hash ~ '^[0-9a-f]{64}$'`)
@Check('model_versions_file_size_bytes_ck', 'file_size_bytes > 0')
@Check('model_versions_inference_latency_ms_ck', 'inference_latency_ms >= 0')
export class ModelVersion {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'model_versions_pk' })
  id: string;

  @Column({ name: 'model_name', type: 'text' })
  modelName: string;

  @Column({ type: 'text' })
  version: string;

  @Column({ type: 'text', default: 'development' })
  status: ModelStatus;

  @Column({ name: 'clinical_domain', type: 'text' })
  clinicalDomain: string;

  @Column({ name: 'confidence_threshold', type: 'double precision' })
  confidenceThreshold: number;

  @Column({ name: 'input_shape', type: 'jsonb' })
  inputShape: ModelShape;

  @Column({ name: 'output_shape', type: 'jsonb' })
  outputShape: ModelShape;

  /** SHA-256, hex. */
  @Column({ name: 'file_hash', type: 'text' })
  fileHash: string;

  /** A 64-bit integer, as text. */
  @Column({ name: 'file_size_bytes', type: 'bigint' })
  fileSizeBytes: string;

  /** What the file says of itself. */
  @Column({ type: 'jsonb', nullable: true })
  onnx: OnnxDescription | null;

  @Column({ name: 'self_test', type: 'jsonb', nullable: true })
  selfTest: SelfTest | null;

  /** How the version scored while it was in validation, kept at its promotion. */
  @Column({ name: 'validation_baseline', type: 'jsonb', nullable: true })
  validationBaseline: Histogram | null;

  @Column({ type: 'jsonb' })
  manifest: Manifest;

  @Column({ name: 'manifest_hash', type: 'text' })
  manifestHash: string;

  /** Of the warm-up run at registration. */
  @Column({ name: 'inference_latency_ms', type: 'double precision', nullable: true })
  inferenceLatencyMs: number | null;

  @Column({ name: 'created_by', type: 'uuid' })
  @ForeignKey('User', { name: 'model_versions_created_by_fk', onDelete: 'RESTRICT' })
  createdBy: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'deployed_at', type: 'timestamptz', nullable: true })
  deployedAt: Date | null;

  @Column({ name: 'deprecated_at', type: 'timestamptz', nullable: true })
  deprecatedAt: Date | null;
}
