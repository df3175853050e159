import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes';
import {
  type InferenceResult,
  type Prediction,
  RESULT_STATUSES,
  type ResultError,
} from './inference-result.entity';
import type { ValidationResult } from './validation-result.entity';

export interface ResultModel {
  readonly model_id: string;
  readonly model_name: string;
  readonly version: string;
  readonly file_hash: string;
  readonly intended_use: string | null;
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
    type: String,
    nullable: true,
    description: 'What the model is for, or not for, in the words of its manifest',
  })
  readonly intended_use: string | null;

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

  @ApiProperty({ enum: ['png', 'jpeg', 'dicom', 'json', 'float32'] })
  readonly format: string;

  @ApiProperty({ description: 'SHA-256 of the image as it was sent, hex' })
  readonly hash: string;
}

class ResultFieldError {
  @ApiProperty()
  readonly field: string;

  @ApiProperty()
  readonly message: string;
}

/** Why an image failed: the same codes as those of problem details. */
export class ResultErrorResponse implements ResultError {
  @ApiProperty({
    example: 'IMAGE_CORRUPT',
    enum: Object.keys(ERROR_CODES),
    description: 'Explained at /docs/errors',
  })
  readonly code: ErrorCode;

  @ApiProperty({ description: 'What is wrong and what to do' })
  readonly detail: string;

  @ApiPropertyOptional({ type: [ResultFieldError] })
  readonly errors?: readonly ResultFieldError[];
}

class LatencyResponse {
  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'From the acceptance of the request until the engine began with the image; null in results from before it was measured',
  })
  readonly queue_ms: number | null;

  @ApiProperty({ description: 'From the bytes of the image to its tensor, quality checks included' })
  readonly preprocessing_ms: number;

  @ApiProperty({ description: 'Of the model alone; images that ran as one tensor share it' })
  readonly inference_ms: number;
}

const NOT_REACHED = { nullable: true, description: 'null: the image failed before' } as const;

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

  @ApiProperty({ type: ModelReference, ...NOT_REACHED })
  readonly model: ModelReference | null;

  @ApiProperty({ type: ValidationResponse, ...NOT_REACHED })
  readonly validation: ValidationResponse | null;

  @ApiProperty({ type: ImageResponse, ...NOT_REACHED })
  readonly image: ImageResponse | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description:
      'What was done to the image, and `digest_verified`: the body was checked against the Content-Digest that came with it',
  })
  readonly processing: object | null;

  @ApiProperty({ type: LatencyResponse, ...NOT_REACHED })
  readonly latency: LatencyResponse | null;

  @ApiProperty()
  readonly created_at: string;
}

export function toResultResponse(
  result: InferenceResult,
  validation: ValidationResult | null,
  model: ResultModel | null,
): ResultResponse {
  return {
    inference_id: result.id,
    outputs: result.outputs,
    confidence_score: result.confidenceScore,
    prediction: result.prediction,
    status: result.status,
    model: model && { ...model, file_hash: result.modelFileHash!, status: result.modelStatus! },
    validation: validation && toValidationResponse(validation),
    ...imageOf(result),
    processing: result.processing,
    created_at: result.createdAt.toISOString(),
  };
}

/** What is known only of an image that could be read; see the constraint inference_results_complete_ck. */
function imageOf(result: InferenceResult): Pick<ResultResponse, 'image' | 'latency'> {
  if (result.imageHash === null) return { image: null, latency: null };
  return {
    image: {
      width: result.imageWidth!,
      height: result.imageHeight!,
      format: result.imageFormat!,
      hash: result.imageHash,
    },
    latency: {
      queue_ms: result.queueLatencyMs,
      preprocessing_ms: result.preprocessingLatencyMs!,
      inference_ms: result.inferenceLatencyMs!,
    },
  };
}

function toValidationResponse(validation: ValidationResult): ValidationResponse {
  return {
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
  };
}
