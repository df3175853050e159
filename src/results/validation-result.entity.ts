import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { InferenceResult } from './inference-result.entity';

/** What the quality checks found. A check is null when it was not assessed. */
@Entity({ name: 'validation_results' })
@Unique('validation_results_inference_result_id_uq', ['inferenceResultId'])
@Check('validation_results_validation_score_ck', 'validation_score BETWEEN 0 AND 1')
export class ValidationResult {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'validation_results_pk' })
  id: string;

  @Column({ name: 'inference_result_id', type: 'uuid' })
  @ForeignKey(() => InferenceResult, {
    name: 'validation_results_inference_result_id_fk',
    onDelete: 'CASCADE',
  })
  inferenceResultId: string;

  @Column({ name: 'is_valid', type: 'boolean' })
  isValid: boolean;

  @Column({ name: 'validation_score', type: 'double precision' })
  validationScore: number;

  @Column({ name: 'brightness_valid', type: 'boolean', nullable: true })
  brightnessValid: boolean | null;

  @Column({ name: 'contrast_valid', type: 'boolean', nullable: true })
  contrastValid: boolean | null;

  @Column({ name: 'motion_artifact_free', type: 'boolean', nullable: true })
  motionArtifactFree: boolean | null;

  @Column({ name: 'noise_level_acceptable', type: 'boolean', nullable: true })
  noiseLevelAcceptable: boolean | null;

  @Column({ name: 'error_codes', type: 'text', array: true })
  errorCodes: string[];

  @Column({ type: 'text', array: true })
  warnings: string[];

  @Column({ type: 'json' })
  metrics: object;

  @Column({ name: 'validator_version', type: 'text' })
  validatorVersion: string;
}
