import type { EntityManager } from 'typeorm';
import {
  type AuditProblem,
  type ChainPosition,
  followChain,
  problemAt,
} from '../verification/chain-verification';
import { positionAt, rowsBetween } from '../verification/chained-rows';
import { perfectRoot } from './merkle-hash';
import { TILE_WIDTH } from './stored-tree';

/** What is new is taken in such steps, so that a transaction ends within seconds after a long pause too. */
const MAX_ENTRIES = 400 * TILE_WIDTH;

/**
 * Completes tiles from the entries behind the last one, re-hashing the chain on the way.
 * @param head seq of the newest entry
 * @returns where the chain was followed to (at most `head`), or what is wrong with it
 */
export async function extendTiles(db: EntityManager, head: number): Promise<ChainPosition | AuditProblem> {
  const [row] = await db.query<{ tiles: number }[]>(
    'SELECT coalesce(max(tile_index) + 1, 0)::float8 AS tiles FROM audit_tiles WHERE level = 0',
  );
  const first = row!.tiles;
  const last = Math.min(head, first * TILE_WIDTH + MAX_ENTRIES);
  let position = await positionAt(db, first * TILE_WIDTH);
  if (position === undefined)
    return problemAt('gap', first * TILE_WIDTH, 'an entry of the signed tree is missing');
  for (let tile = first; position.seq < last; tile++) {
    const end = Math.min((tile + 1) * TILE_WIDTH, last);
    const leaves: Buffer[] = [];
    for (const row of await rowsBetween(db, position.seq, end)) {
      const step = followChain(position, row);
      if ('class' in step) return step;
      leaves.push(step.leaf);
      position = step;
    }
    if (position.seq < end) return problemAt('gap', position.seq + 1, `entry ${position.seq + 1} is missing`);
    if (leaves.length === TILE_WIDTH) await storeTile(db, 0, tile, leaves);
  }
  return position;
}

/** Stores a complete tile, and those above it that it completes. */
async function storeTile(
  db: EntityManager,
  level: number,
  index: number,
  hashes: readonly Buffer[],
): Promise<void> {
  await db.query('INSERT INTO audit_tiles (level, tile_index, hashes, root) VALUES ($1, $2, $3, $4)', [
    level,
    index,
    Buffer.concat(hashes),
    perfectRoot(hashes),
  ]);
  if (index % TILE_WIDTH !== TILE_WIDTH - 1) return;
  const rows = await db.query<{ root: Buffer }[]>(
    'SELECT root FROM audit_tiles WHERE level = $1 AND tile_index > $2 AND tile_index <= $3 ORDER BY tile_index',
    [level, index - TILE_WIDTH, index],
  );
  const roots = rows.map(({ root }) => root);
  await storeTile(db, level + 1, Math.floor(index / TILE_WIDTH), roots);
}
