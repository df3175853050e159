import { hash } from 'node:crypto';

/**
 * SHA-256 as the log uses it. Hashes are lower-case hex throughout: comparing and keeping them costs less than buffers,
 * and the buffer they are written into for the next hash is one for all.
 */
const scratch = Buffer.alloc(256 * 1024);
const LEAF = 0x00;
const NODE = 0x01;
const LINK = 0x02;

/** The largest text that is hashed; an entry has at most 32 KiB. */
export const MAX_TEXT = 64 * 1024;

/** `previous_hash` of entry 1. */
export const GENESIS = hash('sha256', 'medai-flow audit log v1\n', 'hex');

/** Root of the tree without leaves. */
export const EMPTY_ROOT = hash('sha256', '', 'hex');

/** RFC 6962: SHA-256(0x00 || text) */
export function leafHash(text: string): string {
  scratch[0] = LEAF;
  return hash('sha256', scratch.subarray(0, 1 + scratch.write(text, 1)), 'hex');
}

/** RFC 6962: SHA-256(0x01 || left || right) */
export function nodeHash(left: string, right: string): string {
  scratch[0] = NODE;
  scratch.write(left, 1, 'hex');
  scratch.write(right, 33, 'hex');
  return hash('sha256', scratch.subarray(0, 65), 'hex');
}

/** SHA-256(0x02 || seq as u64 big-endian || hash of the entry before || leaf) */
export function linkHash(seq: number, previous: string, leaf: string): string {
  scratch[0] = LINK;
  scratch.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 1);
  scratch.writeUInt32BE(seq % 0x1_0000_0000, 5);
  scratch.write(previous, 9, 'hex');
  scratch.write(leaf, 41, 'hex');
  return hash('sha256', scratch.subarray(0, 73), 'hex');
}
