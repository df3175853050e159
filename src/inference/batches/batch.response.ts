import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ResultErrorResponse, ResultResponse } from '../../results/result.response';
import type { AnsweredResult } from '../../results/results.service';
import { PRIORITIES, type Priority } from '../engine/inference-engine';
import { BATCH_STATUSES, type BatchStatus, batchStatus, countItems, finishedOf } from './batch-status';
import { type InferenceBatchItem, ITEM_STATUSES, type ItemStatus } from './inference-batch-item.entity';
import type { InferenceBatch } from './inference-batch.entity';

class FailedImage {
  @ApiProperty()
  readonly inference_id: string;

  @ApiProperty({ enum: ['failed'] })
  readonly status: 'failed';

  @ApiProperty()
  readonly error: ResultErrorResponse;
}

class OtherImage {
  @ApiProperty()
  readonly inference_id: string;

  @ApiProperty({ enum: ITEM_STATUSES, description: 'completed or failed: its result has expired since' })
  readonly status: ItemStatus;
}

type ImageAnswer = ResultResponse | FailedImage | OtherImage;

class BatchProgress {
  @ApiProperty({ description: 'Images that are done: answered, failed or cancelled' })
  readonly finished: number;

  @ApiProperty()
  readonly total: number;

  @ApiProperty({ minimum: 0, maximum: 1 })
  readonly fraction: number;
}

@ApiExtraModels(ResultResponse, FailedImage, OtherImage)
export class BatchResponse {
  @ApiProperty()
  readonly batch_id: string;

  @ApiProperty({ minimum: 1, maximum: 100 })
  readonly total_images: number;

  @ApiProperty()
  readonly successful: number;

  @ApiProperty()
  readonly failed: number;

  @ApiProperty()
  readonly cancelled: number;

  @ApiProperty({
    type: 'array',
    description: 'In the order of the images sent',
    items: {
      anyOf: [ResultResponse, FailedImage, OtherImage].map((model) => ({ $ref: getSchemaPath(model) })),
    },
  })
  readonly results: ImageAnswer[];

  @ApiProperty({ enum: BATCH_STATUSES })
  readonly status: BatchStatus;

  @ApiProperty()
  readonly progress: BatchProgress;

  @ApiProperty({ enum: PRIORITIES })
  readonly priority: Priority;

  @ApiProperty()
  readonly created_at: string;

  @ApiProperty({ type: String, nullable: true, description: 'When nothing was left to do' })
  readonly finished_at: string | null;
}

/** Of a batch that has just been queued. */
export const queuedResponse = (
  batch: InferenceBatch,
  items: readonly Pick<InferenceBatchItem, 'inferenceId'>[],
): BatchResponse =>
  toBatchResponse(
    { ...batch, finishedAt: null },
    items.map(({ inferenceId }) => ({ inferenceId, status: 'queued' })),
    new Map(),
  );

/** @param items in their order */
export function toBatchResponse(
  batch: InferenceBatch,
  items: readonly Pick<InferenceBatchItem, 'inferenceId' | 'status'>[],
  answers: ReadonlyMap<string, AnsweredResult>,
): BatchResponse {
  const counts = countItems(items.map(({ status }) => status));
  const [finished, total] = [finishedOf(counts), items.length];
  return {
    batch_id: batch.id,
    total_images: total,
    successful: counts.completed,
    failed: counts.failed,
    cancelled: counts.cancelled,
    results: items.map((item) => answerOf(item, answers.get(item.inferenceId))),
    status: batchStatus(counts),
    progress: { finished, total, fraction: finished / total },
    priority: batch.priority,
    created_at: batch.createdAt.toISOString(),
    finished_at: batch.finishedAt?.toISOString() ?? null,
  };
}

function answerOf(
  { inferenceId, status }: Pick<InferenceBatchItem, 'inferenceId' | 'status'>,
  answer: AnsweredResult | undefined,
): ImageAnswer {
  const isDone = status === 'completed' || status === 'failed';
  if (!isDone || answer === undefined) return { inference_id: inferenceId, status };
  const { error, ...result } = answer;
  return error === null ? result : { inference_id: inferenceId, status: 'failed', error };
}
