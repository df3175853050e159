import type { ItemStatus } from './inference-batch-item.entity';

export const BATCH_STATUSES = [
  'queued',
  'processing',
  'completed',
  'partial_failure',
  'failed',
  'cancelled',
] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

export type ItemCounts = Readonly<Record<ItemStatus, number>>;

export function countItems(statuses: readonly ItemStatus[]): ItemCounts {
  const counts = { queued: 0, processing: 0, completed: 0, failed: 0, cancelled: 0 };
  for (const status of statuses) counts[status]++;
  return counts;
}

/** Images that nothing will happen to any more. */
export const finishedOf = ({ completed, failed, cancelled }: ItemCounts): number =>
  completed + failed + cancelled;

/** What the states of its images make of a batch. */
export function batchStatus(counts: ItemCounts): BatchStatus {
  if (counts.cancelled > 0) return 'cancelled';
  if (counts.queued + counts.processing > 0) {
    return counts.processing + finishedOf(counts) > 0 ? 'processing' : 'queued';
  }
  if (counts.failed === 0) return 'completed';
  return counts.completed === 0 ? 'failed' : 'partial_failure';
}
