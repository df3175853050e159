import type { Principal } from '../http/principal';
import type { Validation } from '../imaging/image';
import type { ModelStatus, ModelVersion } from '../models/model-version.entity';
import type { NewResult, NewValidation } from '../results/result-recorder.service';
import type { CreateInferenceDto } from './create-inference.dto';
import type { EngineAnswer } from './engine/inference-engine';
import { judge } from './prediction';

interface Inference {
  readonly principal: Principal;
  readonly fields: CreateInferenceDto;
  readonly version: ModelVersion;
  readonly modelStatus: ModelStatus;
  readonly answer: EngineAnswer;
  /** The body was checked against a digest that its sender made. */
  readonly digestVerified: boolean;
}

const roundedMs = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

/** The row of a finished inference: `failed` when the quality policy kept the model from running. */
export function newResult({
  principal,
  fields,
  version,
  modelStatus,
  answer,
  digestVerified,
}: Inference): NewResult {
  const { labels, output } = version.manifest;
  const { activation } = output;
  const threshold = version.confidenceThreshold;
  const { prediction, confidenceScore } = judge(answer.scores, { labels, activation, threshold });
  return {
    modelVersionId: version.id,
    modelStatus,
    status: answer.outputs === null ? 'failed' : 'completed',
    confidenceScore,
    prediction,
    outputs: answer.outputs,
    patientId: fields.patient_id ?? null,
    studyDate: fields.study_date ?? null,
    anatomicalRegion: fields.anatomical_region ?? null,
    imageWidth: answer.image.width,
    imageHeight: answer.image.height,
    imageFormat: answer.image.format,
    imageHash: answer.image.hash,
    processing: {
      ...answer.processing,
      digest_verified: digestVerified,
      manifest_hash: version.manifestHash,
    },
    preprocessingLatencyMs: roundedMs(answer.preprocessingMs),
    inferenceLatencyMs: roundedMs(answer.inferenceMs),
    modelFileHash: version.fileHash,
    manifestHash: version.manifestHash,
    runtimeVersion: answer.runtimeVersion,
    createdBy: principal.userId,
    createdAt: new Date(),
  };
}

export function newValidation(validation: Validation): NewValidation {
  return {
    isValid: validation.is_valid,
    validationScore: validation.validation_score,
    brightnessValid: validation.brightness_valid,
    contrastValid: validation.contrast_valid,
    motionArtifactFree: validation.motion_artifact_free,
    noiseLevelAcceptable: validation.noise_level_acceptable,
    errorCodes: validation.error_codes,
    warnings: validation.warnings,
    metrics: validation.metrics,
    validatorVersion: validation.validator_version,
  };
}
