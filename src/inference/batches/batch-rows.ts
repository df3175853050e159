import type { Insertion } from '../../database/insert-together';
import type { BatchItem } from './request/batch-request';
import type { ItemStatus } from './inference-batch-item.entity';
import type { InferenceBatch } from './inference-batch.entity';

export const batchRow = (batch: InferenceBatch): Insertion => ({
  table: 'inference_batches',
  rows: [
    {
      id: batch.id,
      created_by: batch.createdBy,
      created_by_role: batch.createdByRole,
      priority: batch.priority,
      created_at: batch.createdAt,
      cancelled_at: batch.cancelledAt,
      finished_at: batch.finishedAt,
    },
  ],
});

/** Images that are done: they are kept nowhere. */
export const finishedItemRows = (
  { id }: InferenceBatch,
  items: readonly BatchItem[],
  statuses: readonly ItemStatus[],
): Insertion => ({
  table: 'inference_batch_items',
  rows: items.map(({ inferenceId }, position) => ({
    batch_id: id,
    position,
    inference_id: inferenceId,
    status: statuses[position],
    attempts: statuses[position] === 'cancelled' ? 0 : 1,
  })),
});
