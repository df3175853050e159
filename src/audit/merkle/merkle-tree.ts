import { EMPTY_ROOT, nodeHash } from './merkle-hash';

/**
 * Where the hashes of perfect subtrees come from.
 * @param level 0 for a leaf, 1 for two leaves, …
 * @param index position among the subtrees of this level: it covers leaves [index * 2^level, (index + 1) * 2^level)
 */
export type Subtrees = (level: number, index: number) => Promise<Buffer>;

/** Root over the first `size` leaves (RFC 6962 section 2.1). O(log n) subtrees are read. */
export async function treeRoot(size: number, subtrees: Subtrees): Promise<Buffer> {
  return size === 0 ? EMPTY_ROOT : rangeHash(0, size, subtrees);
}

/** PATH(index, D[size]) of RFC 6962 section 2.1.1: from the leaf's neighbour up to the root's. */
export async function inclusionProof(index: number, size: number, subtrees: Subtrees): Promise<Buffer[]> {
  const siblings: [number, number][] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    siblings.push(index < middle ? [middle, end] : [start, middle]);
    if (index < middle) end = middle;
    else start = middle;
  }
  return Promise.all(siblings.toReversed().map(([from, to]) => rangeHash(from, to, subtrees)));
}

/** PROOF(from, D[to]) of RFC 6962 section 2.1.2. @param from at least 1, at most `to` */
export async function consistencyProof(from: number, to: number, subtrees: Subtrees): Promise<Buffer[]> {
  const parts: [number, number][] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + splitOf(end - start);
    parts.push(from <= middle ? [middle, end] : [start, middle]);
    if (from <= middle) end = middle;
    else start = middle;
  }
  if (start > 0) parts.push([start, end]); // the old tree is not a subtree of its own: its part is shown too
  return Promise.all(parts.toReversed().map(([a, b]) => rangeHash(a, b, subtrees)));
}

/** Hash over leaves [start, end), which begin at a multiple of the largest power of two in their number. */
async function rangeHash(start: number, end: number, subtrees: Subtrees): Promise<Buffer> {
  const size = end - start;
  const split = splitOf(size);
  if (split * 2 === size || size === 1) return subtrees(Math.log2(size), start / size);
  return nodeHash(
    await rangeHash(start, start + split, subtrees),
    await rangeHash(start + split, end, subtrees),
  );
}

/** The largest power of two below `size`; 0 for a single leaf. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return size > 1 ? split : 0;
}
