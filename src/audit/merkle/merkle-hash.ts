import { createHash, hash } from 'node:crypto';

/** RFC 6962 section 2.1: the prefixes keep a leaf from ever being taken for a node. */
const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

/** Root of a tree without leaves. */
export const EMPTY_ROOT = Buffer.from(hash('sha256', '', 'hex'), 'hex');

/** SHA-256(0x00 || text in UTF-8) */
export function leafHash(text: string): Buffer {
  return createHash('sha256').update(LEAF).update(text, 'utf8').digest();
}

/** SHA-256(0x01 || left || right) */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** Root of the perfect tree over `leaves`. @param leaves a power of two of them */
export function perfectRoot(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) => nodeHash(level[2 * i]!, level[2 * i + 1]!));
  }
  return level[0]!;
}
