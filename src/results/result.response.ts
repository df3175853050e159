import { ApiProperty } from '@nestjs/swagger';
import { type InferenceResult, type Prediction, RESULT_STATUSES } from './inference-result.entity';
import type { ValidationResult } from './validation-result.entity';

export interface ResultModel {
  readonly model_id: string;
  readonly model_name: string;
  readonly version: string;
  readonly file_hash: string;
}

class PredictionResponse {
  @ApiProperty({ type: String, nullable: true })
  readonly label: string | null;

  @ApiProperty()
  readonly index: number;

  @ApiProperty()
  readonly score: number;

  @ApiProperty({ description: "The score reaches the model's confidence_threshold" })
  readonly above_threshold: boolean;
}

class ModelReference implements ResultModel {
  @ApiProperty()
  readonly model_id: string;

  @ApiProperty()
  readonly model_name: string;

  @ApiProperty()
  readonly version: string;

  @ApiProperty({ description: 'SHA-256 of the model file that ran, hex' })
  readonly file_hash: string;

  @ApiProperty({
    description: 'Of the version when it answered; anything but production is not for clinical work',
  })
  readonly status: string;
}

const CHECK = { type: Boolean, nullable: true, description: 'null: not assessed' } as const;

class ValidationResponse {
  @ApiProperty()
  readonly is_valid: boolean;

  @ApiProperty({ minimum: 0, maximum: 1 })
  readonly validation_score: number;

  @ApiProperty(CHECK)
  readonly brightness_valid: boolean | null;

  @ApiProperty(CHECK)
  readonly contrast_valid: boolean | null;

  @ApiProperty(CHECK)
  readonly motion_artifact_free: boolean | null;

  @ApiProperty(CHECK)
  readonly noise_level_acceptable: boolean | null;

  @ApiProperty({ type: [String] })
  readonly error_codes: string[];

  @ApiProperty({ type: [String] })
  readonly warnings: string[];

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly metrics: object;

  @ApiProperty()
  readonly validator_version: string;
}

class ImageResponse {
  @ApiProperty()
  readonly width: number;

  @ApiProperty()
  readonly height: number;

  @ApiProperty({ enum: ['png', 'dicom', 'json', 'float32'] })
  readonly format: string;

  @ApiProperty({ description: 'SHA-256 of the image as it was sent, hex' })
  readonly hash: string;
}

class LatencyResponse {
  @ApiProperty()
  readonly preprocessing_ms: number;

  @ApiProperty()
  readonly inference_ms: number;
}

export class ResultResponse {
  @ApiProperty()
  readonly inference_id: string;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'Output name → nested arrays',
  })
  readonly outputs: object | null;

  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 1 })
  readonly confidence_score: number | null;

  @ApiProperty({ type: PredictionResponse, nullable: true })
  readonly prediction: Prediction | null;

  @ApiProperty({ enum: RESULT_STATUSES })
  readonly status: string;

  @ApiProperty()
  readonly model: ModelReference;

  @ApiProperty()
  readonly validation: ValidationResponse;

  @ApiProperty()
  readonly image: ImageResponse;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description:
      'What was done to the image, and `digest_verified`: the body was checked against the Content-Digest that came with it',
  })
  readonly processing: object | null;

  @ApiProperty()
  readonly latency: LatencyResponse;

  @ApiProperty()
  readonly created_at: string;
}

export class ResultDetailResponse extends ResultResponse {
  @ApiProperty({ type: String, nullable: true, description: 'Pseudonym' })
  readonly patient_id: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date' })
  readonly study_date: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly anatomical_region: string | null;

  @ApiProperty()
  readonly created_by: string;

  @ApiProperty({ type: String, nullable: true })
  readonly reviewed_by: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly reviewed_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly review_comments: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly expires_at: string | null;

  @ApiProperty({ type: [String], description: 'Ids of the audit entries that speak of this result' })
  readonly audit: string[];
}

export function toResultResponse(
  result: InferenceResult,
  validation: ValidationResult,
  model: ResultModel,
): ResultResponse {
  return {
    inference_id: result.id,
    outputs: result.outputs,
    confidence_score: result.confidenceScore,
    prediction: result.prediction,
    status: result.status,
    model: { ...model, file_hash: result.modelFileHash, status: result.modelStatus },
    validation: {
      is_valid: validation.isValid,
      validation_score: validation.validationScore,
      brightness_valid: validation.brightnessValid,
      contrast_valid: validation.contrastValid,
      motion_artifact_free: validation.motionArtifactFree,
      noise_level_acceptable: validation.noiseLevelAcceptable,
      error_codes: validation.errorCodes,
      warnings: validation.warnings,
      metrics: validation.metrics,
      validator_version: validation.validatorVersion,
    },
    image: {
      width: result.imageWidth,
      height: result.imageHeight,
      format: result.imageFormat,
      hash: result.imageHash,
    },
    processing: result.processing,
    latency: { preprocessing_ms: result.preprocessingLatencyMs, inference_ms: result.inferenceLatencyMs },
    created_at: result.createdAt.toISOString(),
  };
}

export function toResultDetailResponse(
  result: InferenceResult,
  validation: ValidationResult,
  model: ResultModel,
  audit: string[],
): ResultDetailResponse {
  return {
    ...toResultResponse(result, validation, model),
    patient_id: result.patientId,
    study_date: result.studyDate,
    anatomical_region: result.anatomicalRegion,
    created_by: result.createdBy,
    reviewed_by: result.reviewedBy,
    reviewed_at: result.reviewedAt?.toISOString() ?? null,
    review_comments: result.reviewComments,
    expires_at: result.expiresAt?.toISOString() ?? null,
    audit,
  };
}
