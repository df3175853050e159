import type { EntityManager } from 'typeorm';
import { leafHash, perfectRoot } from './merkle-hash';

/** C2SP tlog-tiles: a tile holds the hashes of one level in eight, 256 side by side. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const HASH_BYTES = 32;

/**
 * Subtrees of the log from complete tiles and, at the right edge, from what is below them. A tile is read once an
 * instance; at most 255 rows are read for the edge of each level, whatever the length of the log.
 */
export class StoredTree {
  private readonly tiles = new Map<string, Promise<readonly Buffer[]>>();

  constructor(private readonly db: EntityManager) {}

  readonly subtree = async (level: number, index: number): Promise<Buffer> => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const width = 2 ** (level % TILE_HEIGHT);
    const first = index * width;
    const hashes = await this.tile(tileLevel, Math.floor(first / TILE_WIDTH));
    const covered = hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + width);
    if (covered.length < width) throw new MissingLeaves(index * 2 ** level);
    return perfectRoot(covered);
  };

  /** Hash of one leaf as the tree has it. */
  leaf(index: number): Promise<Buffer> {
    return this.subtree(0, index);
  }

  private tile(level: number, index: number): Promise<readonly Buffer[]> {
    const key = `${level}/${index}`;
    const known = this.tiles.get(key) ?? this.read(level, index);
    if (this.tiles.size > 64) this.tiles.clear();
    this.tiles.set(key, known);
    return known;
  }

  private async read(level: number, index: number): Promise<readonly Buffer[]> {
    const [complete] = await this.db.query<{ hashes: Buffer }[]>(
      'SELECT hashes FROM audit_tiles WHERE level = $1 AND tile_index = $2',
      [level, index],
    );
    if (complete !== undefined) return splitHashes(complete.hashes);
    return level === 0 ? this.leavesOf(index) : this.rootsBelow(level, index);
  }

  private async leavesOf(tile: number): Promise<readonly Buffer[]> {
    const first = tile * TILE_WIDTH;
    const rows = await this.db.query<{ seq: string; canonical: string }[]>(
      'SELECT seq, canonical FROM audit_logs WHERE seq > $1 AND seq <= $2 ORDER BY seq',
      [first, first + TILE_WIDTH],
    );
    return withoutHoles(rows.map(({ seq }) => Number(seq) - 1 - first)).map((i) =>
      leafHash(rows[i]!.canonical),
    );
  }

  private async rootsBelow(level: number, tile: number): Promise<readonly Buffer[]> {
    const first = tile * TILE_WIDTH;
    const rows = await this.db.query<{ tile_index: string; root: Buffer }[]>(
      'SELECT tile_index, root FROM audit_tiles WHERE level = $1 AND tile_index >= $2 AND tile_index < $3 ORDER BY 1',
      [level - 1, first, first + TILE_WIDTH],
    );
    return withoutHoles(rows.map(({ tile_index }) => Number(tile_index) - first)).map((i) => rows[i]!.root);
  }
}

/** The tree is asked for leaves that are not there. */
export class MissingLeaves extends Error {
  /** @param index of the first leaf of the subtree that is not complete */
  constructor(readonly index: number) {
    super(`the tree is not complete from leaf ${index} on`);
  }
}

/** Positions before the first that is missing. */
function withoutHoles(positions: readonly number[]): number[] {
  const end = positions.findIndex((position, i) => position !== i);
  return positions.slice(0, end === -1 ? undefined : end);
}

function splitHashes(hashes: Buffer): readonly Buffer[] {
  return Array.from({ length: TILE_WIDTH }, (_, i) => hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}
