import type { EntityManager } from 'typeorm';
import { DomainError } from '../../../errors/domain.error';
import type { BatchItem } from '../request/batch-request';
import type { Priority } from '../../engine/inference-engine';
import type { InferenceBatch } from '../inference-batch.entity';
import { openItem, sealItem } from './image-seal';

/** What an account may have waiting. */
const MAX_WAITING_IMAGES = 2_000;
const MAX_WAITING_BYTES = 2 * 1024 ** 3;
/** How far behind a priority starts. An image that has waited for so much longer goes first: none waits for ever. */
const BEHIND_MS: Readonly<Record<Priority, number>> = { high: 0, normal: 60_000, low: 300_000 };
/** Each image that an account has waiting puts its next ones so far back, so that others get between. */
const BEHIND_OWN_MS = 100;
const RETRY_AFTER_SECONDS = 30;
const ROOM_LOCK = 7_202_613;
/** Of one INSERT, so that no second copy of a whole batch is ever made. */
const MAX_INSERT_BYTES = 16 * 1024 ** 2;
const SLICE_BYTES = 1024 ** 2;

/**
 * How much later than now the turn of the batch's images comes.
 * @throws DomainError BATCH_QUEUE_FULL
 */
export async function roomFor(
  manager: EntityManager,
  { createdBy, priority }: InferenceBatch,
): Promise<number> {
  // batches of one account are counted one after the other
  await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [ROOM_LOCK, createdBy]);
  const [row] = await manager.query<[{ images: number; bytes: number }]>(
    `SELECT count(*)::int AS images, coalesce(sum(octet_length(image)), 0)::float8 AS bytes
     FROM inference_batch_items item JOIN inference_batches batch ON batch.id = item.batch_id
     WHERE item.image IS NOT NULL AND batch.created_by = $1`,
    [createdBy],
  );
  if (row.images >= MAX_WAITING_IMAGES || row.bytes >= MAX_WAITING_BYTES) {
    throw new DomainError('BATCH_QUEUE_FULL', `${row.images} images wait`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  return BEHIND_MS[priority] + row.images * BEHIND_OWN_MS;
}

interface Waiting {
  readonly batch: InferenceBatch;
  readonly items: readonly BatchItem[];
  readonly delayMs: number;
  readonly key: Buffer;
}

export async function insertWaiting(
  manager: EntityManager,
  { batch, items, delayMs, key }: Waiting,
): Promise<void> {
  let rows: unknown[][] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const values = rows.map((_, row) => {
      const [position, inferenceId, image] = [3, 4, 5].map((parameter) => `$${3 * row + parameter}`);
      return `($1, ${position}, ${inferenceId}, 'queued', ${image}, now() + $2 * interval '1 millisecond', now())`;
    });
    await manager.query(
      `INSERT INTO inference_batch_items (batch_id, position, inference_id, status, image, turn_at, free_at)
       VALUES ${values.join(', ')}`,
      [batch.id, delayMs, ...rows.flat()],
    );
    [rows, bytes] = [[], 0];
  };
  for (const [position, item] of items.entries()) {
    const image = sealItem(key, { batchId: batch.id, position }, item);
    if (bytes > 0 && bytes + image.length > MAX_INSERT_BYTES) await flush();
    rows.push([position, item.inferenceId, image]);
    bytes += image.length;
  }
  await flush();
}

interface Stored {
  readonly batch: InferenceBatch;
  readonly position: number;
  /** Sealed. */
  readonly imageBytes: number;
}

/**
 * Reads an image in slices, since PostgreSQL's text form of bytes is twice as long and read in one go.
 * @throws DomainError BATCH_KEY_MISSING, BATCH_ITEM_UNREADABLE
 */
export async function readWaiting(
  manager: EntityManager,
  { batch, position, imageBytes }: Stored,
  keys: readonly Buffer[],
): Promise<BatchItem> {
  const slices: Buffer[] = [];
  for (let from = 1; from <= imageBytes; from += SLICE_BYTES) {
    const [row] = await manager.query<{ slice: Buffer | null }[]>(
      `SELECT substring(image FROM $3 FOR $4) AS slice FROM inference_batch_items WHERE batch_id = $1 AND position = $2`,
      [batch.id, position, from, SLICE_BYTES],
    );
    if (row?.slice != null) slices.push(row.slice);
  }
  return openItem(keys, { batchId: batch.id, position }, Buffer.concat(slices));
}
