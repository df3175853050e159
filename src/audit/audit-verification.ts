import { entryHash, GENESIS_HASH } from './audit-chain';

export interface ChainedRow {
  readonly seq: string;
  readonly canonical: string;
  readonly entry_hash: Buffer;
  readonly previous_hash: Buffer;
}

export interface ChainProblem {
  readonly class: 'altered' | 'gap';
  readonly seq: string;
  readonly detail: string;
}

/** Where the chain stands before the first row to be checked. */
export interface ChainPosition {
  readonly seq: bigint;
  readonly hash: Buffer;
}

export const CHAIN_START: ChainPosition = { seq: 0n, hash: GENESIS_HASH };

/** Re-hashes rows in order of `seq`. Stops at the first that does not follow from the one before. */
export function followChain(from: ChainPosition, rows: readonly ChainedRow[]): ChainPosition | ChainProblem {
  let { seq, hash } = from;
  for (const row of rows) {
    seq += 1n;
    if (BigInt(row.seq) !== seq) {
      return {
        class: 'gap',
        seq: seq.toString(),
        detail: `entry ${seq} is missing; the next one is ${row.seq}`,
      };
    }
    if (!row.previous_hash.equals(hash)) {
      return { class: 'altered', seq: row.seq, detail: 'previous_hash is not the hash of the entry before' };
    }
    hash = entryHash(seq, hash, row.canonical);
    if (!row.entry_hash.equals(hash)) {
      return { class: 'altered', seq: row.seq, detail: 'entry_hash is not the hash of the stored text' };
    }
  }
  return { seq, hash };
}
