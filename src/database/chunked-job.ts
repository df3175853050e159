import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';

/** Smaller chunks where one takes longer: nobody waits for a row, or for the disk, any longer than that. */
const TARGET_MS = 100;
const FIRST_ROWS = 32;

interface ChunkedJob {
  /** Advisory lock: of all replicas, one at a time works on a chunk. */
  readonly lock: number;
  readonly signal: AbortSignal;
  readonly maxRows: number;
  /** Does up to `rows` of the work in the transaction of `manager`. @returns how many it did; 0: nothing is left */
  readonly chunk: (manager: EntityManager, rows: number) => Promise<number>;
}

/**
 * Works through something large, piece by piece, each in a transaction of its own. The lock is held by that transaction
 * and ends with it however it ends; a replica that finds it taken leaves the work to the other. A chunk that fails, as a
 * large one may by its time limit, is tried again in smaller ones.
 * @throws what a chunk of one row throws
 */
export async function runInChunks(
  dataSource: DataSource,
  { lock, signal, maxRows, chunk }: ChunkedJob,
): Promise<void> {
  let rows = Math.min(FIRST_ROWS, maxRows);
  while (!signal.aborted) {
    const start = performance.now();
    const done = await dataSource
      .transaction(async (manager) => {
        const sql = 'SELECT pg_try_advisory_xact_lock($1) AS mine';
        const [row] = await manager.query<[{ mine: boolean }]>(sql, [lock]);
        return row.mine ? chunk(manager, rows) : 0;
      })
      .catch((error: unknown) => {
        if (rows === 1) throw error;
        return undefined;
      });
    if (done === 0) return;
    const took = performance.now() - start;
    rows = done === undefined || took > TARGET_MS ? Math.ceil(rows / 2) : Math.min(2 * rows, maxRows);
    await sleep(took, undefined, { signal }).catch(() => undefined); // half of the time the others have to themselves
  }
}
