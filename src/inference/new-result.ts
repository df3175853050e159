import { DomainError } from '../errors/domain.error';
import type { Validation } from '../imaging/image';
import type { SelectedModel } from '../models/model-selection.service';
import type { ModelStatus, ModelVersion } from '../models/model-version.entity';
import type { ResultError } from '../results/inference-result.entity';
import type { NewResult, NewValidation } from '../results/result-recorder.service';
import type { EngineAnswer } from './engine/inference-engine';
import { currentTraceId } from '../tracing/tracing';
import { judge } from './prediction';

/** Whose result it is, and of what; nothing here names the patient. */
export interface ResultOrigin {
  readonly id: string;
  readonly batchId: string | null;
  readonly createdBy: string;
  /** Pseudonym. */
  readonly patientId: string | null;
  readonly studyDate: string | null;
  readonly anatomicalRegion: string | null;
}

interface Inference {
  readonly origin: ResultOrigin;
  readonly version: ModelVersion;
  readonly modelStatus: ModelStatus;
  readonly answer: EngineAnswer;
  /** The body was checked against a digest that its sender made. */
  readonly digestVerified: boolean;
}

const roundedMs = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

/** The row of a finished inference: `failed` when the quality policy kept the model from running. */
export function newResult({ origin, version, modelStatus, answer, digestVerified }: Inference): NewResult {
  const { labels, output } = version.manifest;
  const { activation } = output;
  const threshold = version.confidenceThreshold;
  const { prediction, confidenceScore } = judge(answer.scores, { labels, activation, threshold });
  const refused = answer.outputs === null;
  return {
    modelVersionId: version.id,
    modelStatus,
    status: refused ? 'failed' : 'completed',
    error: refused ? errorOf(qualityRejected(answer.validation.error_codes)) : null,
    confidenceScore,
    prediction,
    outputs: answer.outputs,
    imageWidth: answer.image.width,
    imageHeight: answer.image.height,
    imageFormat: answer.image.format,
    imageHash: answer.image.hash,
    processing: {
      digest_verified: digestVerified,
      manifest_hash: version.manifestHash,
      trace_id: currentTraceId(),
      ...answer.processing,
    },
    queueLatencyMs: roundedMs(answer.queueMs),
    preprocessingLatencyMs: roundedMs(answer.preprocessingMs),
    inferenceLatencyMs: roundedMs(answer.inferenceMs),
    modelFileHash: version.fileHash,
    manifestHash: version.manifestHash,
    runtimeVersion: answer.runtimeVersion,
    createdAt: new Date(),
    ...origin, // last: V8 gives an object that grows after a spread a hidden class of its own
  };
}

/** The row of an image for which there is no answer; `selected` when a version had been chosen. */
export function failedResult(
  origin: ResultOrigin,
  error: DomainError,
  selected: SelectedModel | undefined,
): NewResult {
  return {
    ...origin,
    modelVersionId: selected?.version.id ?? null,
    modelStatus: selected?.status ?? null,
    modelFileHash: selected?.version.fileHash ?? null,
    manifestHash: selected?.version.manifestHash ?? null,
    status: 'failed',
    error: errorOf(error),
    ...NOTHING_KNOWN,
    createdAt: new Date(),
  };
}

const NOTHING_KNOWN = {
  confidenceScore: null,
  prediction: null,
  outputs: null,
  imageWidth: null,
  imageHeight: null,
  imageFormat: null,
  imageHash: null,
  processing: null,
  queueLatencyMs: null,
  preprocessingLatencyMs: null,
  inferenceLatencyMs: null,
  runtimeVersion: null,
};

function qualityRejected(codes: readonly string[], detail?: string): DomainError {
  const errors = codes.map((code) => ({ field: 'image', message: code }));
  return new DomainError('IMAGE_QUALITY_REJECTED', detail, { errors });
}

/** What is answered when the image was refused and the refusal stored. */
export const rejectedResult = (id: string, codes: readonly string[]): DomainError =>
  qualityRejected(codes, `Stored as ${id}; the model did not run`);

const errorOf = ({ code, advice, errors }: DomainError): ResultError => ({
  code,
  detail: advice,
  ...(errors && { errors }),
});

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
