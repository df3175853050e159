import { Injectable, Logger } from '@nestjs/common';
import { EngineConfig } from '../../config/engine.config';
import { DomainError } from '../../errors/domain.error';
import type { ErrorCode } from '../../errors/error-codes';
import { toDomainError } from '../../errors/to-domain-error';
import type { SelectedModel, Wish } from '../../models/model-selection.service';
import { type RecordedResult, ResultRecorder } from '../../results/result-recorder.service';
import type { ResultModel } from '../../results/result.response';
import type { EngineAnswer, NestedArray } from '../engine/inference-engine';
import { EngineModels } from '../serving/engine-models.service';
import { modelReference } from '../model-reference';
import { failedResult, newResult, newValidation, type ResultOrigin } from '../new-result';
import type { BatchItem } from './request/batch-request';
import type { InferenceBatch } from './inference-batch.entity';

/** What became of an image: its rows, and the model that answered or was to. */
export interface ItemOutcome extends RecordedResult {
  readonly model: ResultModel | null;
}

export interface Circumstances {
  /** Images of the batch. */
  readonly images: number;
  /** The image can wait until its model is back in service. */
  readonly mayWait?: boolean;
  readonly batch: Pick<InferenceBatch, 'id' | 'createdBy' | 'priority' | 'createdAt'>;
  readonly select: (wish: Wish) => Promise<SelectedModel>;
  readonly signal?: AbortSignal;
}

/** Failures that say nothing about the image: whoever runs it may try again, or not. */
const NOT_OF_THE_IMAGE: ReadonlySet<ErrorCode> = new Set([
  'DATABASE_UNAVAILABLE',
  'ENGINE_BUSY',
  'ENGINE_UNAVAILABLE',
  'REQUEST_ABANDONED',
]);

/** The model is out of service on this server, or for a while. */
export const OUT_OF_SERVICE: ReadonlySet<ErrorCode> = new Set([
  'MODEL_INTEGRITY_FAILED',
  'MODEL_LOAD_FAILED',
  'MODEL_QUARANTINED',
]);

/** Runs one image of a batch. What is wrong with the image, its fields or its model is an outcome, not an exception. */
@Injectable()
export class ItemInference {
  private readonly logger = new Logger('ItemInference');

  constructor(
    private readonly models: EngineModels,
    private readonly recorder: ResultRecorder,
    private readonly config: EngineConfig,
  ) {}

  /** @throws DomainError DATABASE_UNAVAILABLE, ENGINE_BUSY, ENGINE_UNAVAILABLE; OUT_OF_SERVICE; the signal's reason */
  async run(
    item: BatchItem,
    { images, mayWait, batch, select, signal }: Circumstances,
  ): Promise<ItemOutcome> {
    let selected: SelectedModel | undefined;
    try {
      if ('refusal' in item.image) throw item.image.refusal;
      selected = await select(item.wish);
      const { version, status: modelStatus } = selected;
      // in the durable queue, and for its turn within the batch; servers' clocks may differ
      const waitedMs = Math.max(Date.now() - batch.createdAt.getTime(), 0);
      const answer = await this.models.run(version, {
        source: item.image.source,
        priority: batch.priority,
        principalId: batch.createdBy,
        deadlineMs: this.config.deadlineMs,
        signal,
      });
      assertShare(answer.outputs, images);
      const { digestVerified } = item;
      const result = newResult({
        origin: originOf(item, batch),
        version,
        modelStatus,
        answer: { ...answer, queueMs: waitedMs + answer.queueMs },
        digestVerified,
      });
      return {
        ...this.recorder.complete(result, newValidation(answer.validation), version.clinicalDomain),
        model: modelReference(selected.version),
      };
    } catch (thrown) {
      const error = toDomainError(thrown);
      if (NOT_OF_THE_IMAGE.has(error.code) || (mayWait && OUT_OF_SERVICE.has(error.code))) throw error;
      return this.failed(item, batch, error, selected);
    }
  }

  failed(
    item: BatchItem,
    batch: Pick<InferenceBatch, 'id' | 'createdBy'>,
    error: DomainError,
    selected?: SelectedModel,
  ): ItemOutcome {
    if (error.code === 'INTERNAL_ERROR') {
      const { name, stack } = (error.cause ?? error) as Error;
      const frame = stack?.split('\n').find((line) => /^ +at /.test(line));
      this.logger.error({
        event: 'batch.item_failed',
        inference_id: item.inferenceId,
        cause: name,
        stack: frame,
      });
    }
    const result = failedResult(originOf(item, batch), error, selected);
    return {
      ...this.recorder.complete(result, null, selected?.version.clinicalDomain),
      model: selected ? modelReference(selected.version) : null,
    };
  }
}

/** A batch is answered in one JSON text, for which there is room in memory for so many numbers. */
const MAX_BATCH_ELEMENTS = 2 ** 23;

/** @throws DomainError BATCH_OUTPUT_TOO_LARGE when an image would take more of the answer than its share */
function assertShare(outputs: EngineAnswer['outputs'], images: number): void {
  const share = Math.floor(MAX_BATCH_ELEMENTS / images);
  const elements = Object.values(outputs ?? {}).reduce<number>((sum, output) => sum + sizeOf(output), 0);
  if (elements <= share) return;
  const detail = `They hold ${elements} numbers; in a batch of ${images} an image may have ${share}`;
  throw new DomainError('BATCH_OUTPUT_TOO_LARGE', detail);
}

/** Elements of a tensor. */
const sizeOf = (output: NestedArray): number =>
  Array.isArray(output) ? output.length * (output.length && sizeOf(output[0]!)) : 1;

const originOf = (
  { inferenceId, patientId, studyDate, anatomicalRegion }: BatchItem,
  { id, createdBy }: Pick<InferenceBatch, 'id' | 'createdBy'>,
): ResultOrigin => ({ id: inferenceId, batchId: id, createdBy, patientId, studyDate, anatomicalRegion });
