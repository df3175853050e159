import { createHash } from 'node:crypto';

/** Prefixes keep the three kinds of hash apart (domain separation as in RFC 6962 section 2.1). */
const LEAF = Buffer.of(0x00);
const LINK = Buffer.of(0x02);

/** `previous_hash` of the first entry. */
export const GENESIS_HASH = createHash('sha256').update('medai-flow audit log v1\n').digest();

/** SHA-256(0x00 || canonical text in UTF-8): a leaf of the RFC 6962 tree. */
function leafHash(canonical: string): Buffer {
  return createHash('sha256').update(LEAF).update(canonical, 'utf8').digest();
}

/** SHA-256(0x02 || seq as unsigned 64 bit big-endian || previous entry's hash || leaf): 32 bytes. */
export function entryHash(seq: bigint, previousHash: Buffer, canonical: string): Buffer {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(seq);
  return createHash('sha256')
    .update(LINK)
    .update(position)
    .update(previousHash)
    .update(leafHash(canonical))
    .digest();
}
