import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { RetentionConfig } from '../../config/retention.config';
import { runInChunks } from '../../database/chunked-job';
import { oldestOverdue, resultsDue, resultsHeld, resultsMarked, resultsPurged } from './retention.metrics';

const LOCK = 7_202_620;
/** An audit entry names every id, up to 500 of them. */
const MAX_ROWS = 250;

/** The two steps of a deletion. A trigger refuses what must still be kept, whatever this class asks for. */
@Injectable()
export class RetentionSweep {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly config: RetentionConfig,
  ) {}

  /** Marks what has expired. */
  mark(signal: AbortSignal): Promise<void> {
    return this.inChunks(signal, (manager, rows) => this.markChunk(manager, rows));
  }

  /** Purges what was marked and has waited for its grace time. */
  purge(signal: AbortSignal): Promise<void> {
    return this.inChunks(signal, (manager, rows) => this.purgeChunk(manager, rows));
  }

  async measure(): Promise<void> {
    const [row] = await this.dataSource.query<[{ held: number; waiting: number; overdue: number }]>(MEASURE);
    resultsHeld.set(row.held);
    resultsDue.set(row.waiting);
    oldestOverdue.set(row.overdue);
  }

  private inChunks(
    signal: AbortSignal,
    chunk: (manager: EntityManager, rows: number) => Promise<number>,
  ): Promise<void> {
    return runInChunks(this.dataSource, { lock: LOCK, signal, maxRows: MAX_ROWS, chunk });
  }

  private async markChunk(manager: EntityManager, limit: number): Promise<number> {
    const [rows] = await manager.query<[{ id: string }[], number]>(MARK, [limit, this.config.graceDays]);
    if (rows.length === 0) return 0;
    const returned_ids = rows.map(({ id }) => id).sort();
    await this.trail.record(manager, 'result.marked', {
      objectType: 'inference_result',
      details: { count: rows.length, returned_ids },
    });
    resultsMarked.inc(rows.length);
    return rows.length;
  }

  private async purgeChunk(manager: EntityManager, limit: number): Promise<number> {
    const [rows] = await manager.query<[PurgedRow[], number]>(PURGE, [limit]);
    if (rows.length === 0) return 0;
    const purged = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await manager.query(REMOVE_EMPTY_BATCHES, [
      [...new Set(purged.flatMap(({ batch_id }) => batch_id ?? []))],
    ]);
    await this.trail.record(manager, 'result.purged', {
      objectType: 'inference_result',
      details: {
        count: purged.length,
        returned_ids: purged.map(({ id }) => id),
        result_hash: digestOf(purged),
      },
    });
    resultsPurged.inc(rows.length);
    return rows.length;
  }
}

interface PurgedRow {
  readonly id: string;
  readonly batch_id: string | null;
  readonly record_hash: string;
}

/** SHA-256 over a line for each result, in the order of their ids: `<id> <record hash>\n`. */
const digestOf = (rows: readonly PurgedRow[]): string =>
  createHash('sha256')
    .update(rows.map(({ id, record_hash }) => `${id} ${record_hash}\n`).join(''))
    .digest('hex');

/** Whoever changes a row just now decides first: it is met again in the next sweep. */
const MARK = `
  WITH due AS (
    SELECT id FROM inference_results
    WHERE expires_at <= now() AND marked_at IS NULL AND NOT legal_hold
    ORDER BY expires_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  UPDATE inference_results result SET marked_at = now(), purge_after = now() + $2 * interval '1 day'
  FROM due WHERE result.id = due.id
  RETURNING result.id`;

const PURGE = `
  WITH due AS (
    SELECT id FROM inference_results
    WHERE purge_after <= now() AND NOT legal_hold
    ORDER BY purge_after, id LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  DELETE FROM inference_results result USING due WHERE result.id = due.id
  RETURNING result.id, result.batch_id, result_record_hash(result) AS record_hash`;

/** A batch with its items goes with the last of its results. */
const REMOVE_EMPTY_BATCHES = `
  DELETE FROM inference_batches batch WHERE id = ANY ($1) AND finished_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM inference_results WHERE batch_id = batch.id)`;

const MEASURE = `
  SELECT (SELECT count(*)::int FROM inference_results WHERE legal_hold) AS held,
    (SELECT count(*)::int FROM inference_results WHERE purge_after > now()) AS waiting,
    extract(epoch FROM greatest(interval '0',
      now() - (SELECT min(purge_after) FROM inference_results WHERE purge_after IS NOT NULL),
      now() - (SELECT expires_at FROM inference_results
               WHERE expires_at <= now() AND marked_at IS NULL AND NOT legal_hold ORDER BY expires_at, id LIMIT 1)
    ))::float8 AS overdue`;
