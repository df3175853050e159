import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../../audit/audit-trail.service';
import { BatchConfig } from '../../../config/batch.config';
import { insertTogether } from '../../../database/insert-together';
import { DomainError } from '../../../errors/domain.error';
import type { Principal } from '../../../http/principal';
import { ResultRecorder } from '../../../results/result-recorder.service';
import { completedEvent, itemEvent } from '../batch-events';
import type { BatchItem } from '../request/batch-request';
import { batchRow } from '../batch-rows';
import { countItems, finishedOf } from '../batch-status';
import { imagesDone } from '../batches.metrics';
import type { ItemStatus } from '../inference-batch-item.entity';
import { InferenceBatch } from '../inference-batch.entity';
import type { ItemOutcome } from '../item-inference.service';
import { insertWaiting, roomFor } from './waiting-images';

/** An image that a worker has taken. */
export interface TakenItem {
  readonly batch: InferenceBatch;
  /** Of the batch. */
  readonly images: number;
  readonly position: number;
  readonly inferenceId: string;
  /** Workers that have taken it, this one included. */
  readonly attempts: number;
  /** Sealed. */
  readonly imageBytes: number;
}

/** The batches that are answered later: a table is the queue, and any replica's workers take from it. */
@Injectable()
export class BatchQueue {
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly recorder: ResultRecorder,
    private readonly config: BatchConfig,
  ) {}

  /** `listener` is told of batches that this replica takes in; those of others are found by asking the table. */
  onSubmit(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Stores the images and the audit entry of this request together.
   * @throws DomainError BATCH_QUEUE_FULL, AUDIT_UNAVAILABLE, DATABASE_UNAVAILABLE
   */
  async submit(batch: InferenceBatch, items: readonly BatchItem[]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const delayMs = await roomFor(manager, batch);
      await insertTogether(manager, [batchRow(batch)]);
      await insertWaiting(manager, { batch, items, delayMs, key: this.config.imageKeys[0] });
      await this.trail.write(manager);
    });
    for (const listener of this.listeners) listener();
  }

  /**
   * Takes up to `limit` images whose turn it is: those that wait, and those whose worker has not been heard of for a
   * lease. No two workers get the same, and none waits for another.
   */
  async take(workerId: string, limit: number): Promise<TakenItem[]> {
    const [rows] = await this.dataSource.query<[TakenRow[], number]>(TAKE, [
      workerId,
      this.config.leaseSeconds,
      limit,
    ]);
    return rows.map((row) => ({
      batch: this.dataSource.manager.create(InferenceBatch, {
        id: row.batch_id,
        createdBy: row.created_by,
        createdByRole: row.created_by_role,
        priority: row.priority,
        createdAt: row.created_at,
        cancelledAt: row.cancelled_at,
        finishedAt: null,
      }),
      images: row.images,
      position: row.position,
      inferenceId: row.inference_id,
      attempts: row.attempts,
      imageBytes: row.image_bytes,
    }));
  }

  /** Whatever `workerId` has taken stays its own for another lease. */
  async extend(workerId: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE inference_batch_items SET free_at = now() + $2 * interval '1 second'
       WHERE worker_id = $1 AND image IS NOT NULL`,
      [workerId, this.config.leaseSeconds],
    );
  }

  /**
   * Stores the result, its audit entry and that the image is done, and erases the image: all of it, or nothing. Without
   * an outcome the image counts as cancelled.
   * @returns false when the image is no longer this worker's, and then nothing is stored
   */
  async finish(
    workerId: string,
    { batch, position }: TakenItem,
    outcome: ItemOutcome | undefined,
  ): Promise<boolean> {
    const status = (outcome?.result.status as ItemStatus | undefined) ?? 'cancelled';
    const finished = await this.dataSource.transaction(async (manager) => {
      // one at a time: who does the last image must see that it is the last
      await manager.query('SELECT FROM inference_batches WHERE id = $1 FOR NO KEY UPDATE', [batch.id]);
      const [, count] = await manager.query<[unknown[], number]>(
        `UPDATE inference_batch_items SET status = $4, image = NULL, turn_at = NULL, free_at = NULL
         WHERE batch_id = $1 AND position = $2 AND worker_id = $3 AND status = 'processing'`,
        [batch.id, position, workerId, status],
      );
      if (count === 0) return false;
      if (outcome !== undefined) {
        const rows = this.recorder.insertions([outcome]);
        await this.trail.recordWith(manager, [itemEvent(batch, outcome)], rows);
      }
      await this.closeIfDone(manager, batch);
      return true;
    });
    if (finished) imagesDone.inc({ answered: 'later', status });
    return finished;
  }

  /** Gives an image back, to be taken again after a pause. `counts`: whether this was an attempt. */
  async release(
    workerId: string,
    { batch, position }: TakenItem,
    { pauseSeconds, counts }: { readonly pauseSeconds: number; readonly counts: boolean },
  ): Promise<void> {
    await this.dataSource.query(
      `UPDATE inference_batch_items
       SET status = 'queued', worker_id = NULL, free_at = now() + $4 * interval '1 second', attempts = attempts - $5
       WHERE batch_id = $1 AND position = $2 AND worker_id = $3 AND status = 'processing'`,
      [batch.id, position, workerId, pauseSeconds, counts ? 0 : 1],
    );
  }

  /** @throws DomainError BATCH_NOT_FOUND */
  async cancel({ userId }: Principal, id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [found] = await manager.query<{ id: string }[]>(
        'SELECT id FROM inference_batches WHERE id = $1 AND created_by = $2 FOR NO KEY UPDATE',
        [id, userId],
      );
      if (found === undefined) throw new DomainError('BATCH_NOT_FOUND');
      const batch = await manager.findOneByOrFail(InferenceBatch, { id });
      const [, cancelled] = await manager.query<[unknown[], number]>(
        `UPDATE inference_batch_items SET status = 'cancelled', image = NULL, turn_at = NULL, free_at = NULL
         WHERE batch_id = $1 AND (status = 'queued' OR (status = 'processing' AND free_at < now()))`,
        [id],
      );
      await manager.query(
        'UPDATE inference_batches SET cancelled_at = now() WHERE id = $1 AND finished_at IS NULL AND cancelled_at IS NULL',
        [id],
      );
      await this.closeIfDone(manager, batch);
      await this.trail.write(manager, { details: { count: cancelled } });
      imagesDone.inc({ answered: 'later', status: 'cancelled' }, cancelled);
    });
  }

  private async closeIfDone(manager: EntityManager, batch: InferenceBatch): Promise<void> {
    if (batch.finishedAt !== null) return;
    const items = await manager.query<{ status: ItemStatus }[]>(
      'SELECT status FROM inference_batch_items WHERE batch_id = $1',
      [batch.id],
    );
    const counts = countItems(items.map(({ status }) => status));
    if (finishedOf(counts) < items.length) return;
    await manager.query('UPDATE inference_batches SET finished_at = now() WHERE id = $1', [batch.id]);
    await this.trail.recordWith(manager, [completedEvent(batch, counts)], []);
  }
}

interface TakenRow {
  readonly batch_id: string;
  readonly images: number;
  readonly position: number;
  readonly inference_id: string;
  readonly attempts: number;
  readonly image_bytes: number;
  readonly created_by: string;
  readonly created_by_role: Principal['role'];
  readonly priority: InferenceBatch['priority'];
  readonly created_at: Date;
  readonly cancelled_at: Date | null;
}

const TAKE = `
  WITH next AS (
    SELECT batch_id, position FROM inference_batch_items
    WHERE image IS NOT NULL AND free_at <= now()
    ORDER BY turn_at, batch_id, position
    LIMIT $3
    FOR UPDATE SKIP LOCKED
  )
  UPDATE inference_batch_items item
  SET status = 'processing', worker_id = $1, attempts = item.attempts + 1, free_at = now() + $2 * interval '1 second'
  FROM next JOIN inference_batches batch ON batch.id = next.batch_id
  WHERE item.batch_id = next.batch_id AND item.position = next.position
  RETURNING item.batch_id, item.position, item.inference_id, item.attempts, octet_length(item.image) AS image_bytes,
            (SELECT count(*)::int FROM inference_batch_items WHERE batch_id = batch.id) AS images,
            batch.created_by, batch.created_by_role, batch.priority, batch.created_at, batch.cancelled_at`;
