import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { MODEL_STATUSES, type ModelShape, type ModelVersion } from './model-version.entity';

const SHAPE: ApiPropertyOptions = {
  type: 'array',
  items: { oneOf: [{ type: 'integer' }, { type: 'string' }] },
  description: 'A text is the name of a dimension that each run decides',
};

/** As lists show it. */
export class ModelSummaryResponse {
  @ApiProperty()
  readonly model_id: string;

  @ApiProperty()
  readonly model_name: string;

  @ApiProperty()
  readonly version: string;

  @ApiProperty({ enum: MODEL_STATUSES })
  readonly status: string;

  @ApiProperty()
  readonly clinical_domain: string;

  @ApiProperty()
  readonly confidence_threshold: number;

  @ApiProperty(SHAPE)
  readonly input_shape: ModelShape;

  @ApiProperty(SHAPE)
  readonly output_shape: ModelShape;

  @ApiProperty()
  readonly file_size_mb: number;

  @ApiProperty({ description: 'SHA-256, hex' })
  readonly file_hash: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Median of the last runs that were served; of the warm-up run while there are none',
  })
  readonly inference_latency_ms: number | null;

  @ApiProperty({ type: [String] })
  readonly labels: readonly string[];

  @ApiProperty()
  readonly created_at: string;

  @ApiProperty()
  readonly created_by: string;

  @ApiProperty({ type: String, nullable: true })
  readonly deployed_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly deprecated_at: string | null;
}

export class ModelResponse extends ModelSummaryResponse {
  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly manifest: object;

  @ApiProperty({ description: 'SHA-256 of the manifest in its RFC 8785 form, hex' })
  readonly manifest_hash: string;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'What the file says of itself: operator sets, producer, tensors, metadata',
  })
  readonly onnx: object | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description: 'The last run of the golden samples; one that failed keeps the version out of production',
  })
  readonly self_test: object | null;
}

export class ModelPageResponse {
  @ApiProperty({ type: [ModelSummaryResponse] })
  readonly items: ModelSummaryResponse[];

  @ApiProperty()
  readonly total: number;

  @ApiProperty()
  readonly skip: number;

  @ApiProperty()
  readonly limit: number;
}

const BYTES_PER_MB = 1_000_000;

/** All but the large columns, which a list does not read. */
export type ModelSummary = Omit<ModelVersion, 'manifest' | 'onnx' | 'selfTest' | 'validationBaseline'>;

export function toModelSummary(
  model: ModelSummary,
  labels: readonly string[],
  servedLatencyMs: number | undefined,
): ModelSummaryResponse {
  return {
    model_id: model.id,
    model_name: model.modelName,
    version: model.version,
    status: model.status,
    clinical_domain: model.clinicalDomain,
    confidence_threshold: model.confidenceThreshold,
    input_shape: model.inputShape,
    output_shape: model.outputShape,
    file_size_mb: Number(model.fileSizeBytes) / BYTES_PER_MB,
    file_hash: model.fileHash,
    inference_latency_ms: servedLatencyMs ?? model.inferenceLatencyMs,
    labels,
    created_at: model.createdAt.toISOString(),
    created_by: model.createdBy,
    deployed_at: model.deployedAt?.toISOString() ?? null,
    deprecated_at: model.deprecatedAt?.toISOString() ?? null,
  };
}

export function toModelResponse(model: ModelVersion, servedLatencyMs: number | undefined): ModelResponse {
  return {
    ...toModelSummary(model, model.manifest.labels, servedLatencyMs),
    manifest: model.manifest,
    manifest_hash: model.manifestHash,
    onnx: model.onnx,
    self_test: model.selfTest,
  };
}
