import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';

/** A job pauses so many times as long as its last chunk took: four fifths of the time belong to the others. */
const PAUSES = 4;

interface ChunkedJob {
  /** Advisory lock: of all replicas, one at a time works on a chunk. */
  readonly lock: number;
  readonly signal: AbortSignal;
  /** Does a bounded piece of the work in the transaction of `manager`. @returns how many rows; 0: nothing is left */
  readonly chunk: (manager: EntityManager) => Promise<number>;
}

/**
 * Works through something large, piece by piece, each in a transaction of its own. The lock is held by that transaction
 * and ends with it however it ends; a replica that finds it taken leaves the work to the other.
 */
export async function runInChunks(
  dataSource: DataSource,
  { lock, signal, chunk }: ChunkedJob,
): Promise<void> {
  while (!signal.aborted) {
    const start = performance.now();
    const done = await dataSource.transaction(async (manager) => {
      const [row] = await manager.query<[{ mine: boolean }]>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
        lock,
      ]);
      return row.mine ? chunk(manager) : 0;
    });
    if (done === 0) return;
    await sleep(PAUSES * (performance.now() - start), undefined, { signal }).catch(() => undefined);
  }
}
