import { createHash } from 'node:crypto';
import { leafHash } from './merkle/merkle-hash';

/** Keeps a link apart from the leaves and nodes of the RFC 6962 tree, whose prefixes are 0x00 and 0x01. */
const LINK = Buffer.of(0x02);

/** `previous_hash` of the first entry. */
export const GENESIS_HASH = createHash('sha256').update('medai-flow audit log v1\n').digest();

/** The link over an entry's text, which is hashed as a leaf of the tree first. */
export function entryHash(seq: bigint, previousHash: Buffer, canonical: string): Buffer {
  return linkHash(seq, previousHash, leafHash(canonical));
}

/** SHA-256(0x02 || seq as unsigned 64 bit big-endian || previous entry's hash || leaf): 32 bytes. */
export function linkHash(seq: bigint, previousHash: Buffer, leaf: Buffer): Buffer {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(seq);
  return createHash('sha256').update(LINK).update(position).update(previousHash).update(leaf).digest();
}
