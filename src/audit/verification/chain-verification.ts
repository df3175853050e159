import { GENESIS_HASH, linkHash } from '../audit-chain';
import { leafHash } from '../merkle/merkle-hash';

export const AUDIT_PROBLEMS = ['altered', 'gap', 'fork', 'truncated', 'unanchored'] as const;

/** What is wrong with the trail, and the first entry it is wrong with. */
export interface AuditProblem {
  readonly class: (typeof AUDIT_PROBLEMS)[number];
  readonly seq: string;
  readonly detail: string;
}

export function problemAt(kind: AuditProblem['class'], seq: number | string, detail: string): AuditProblem {
  return { class: kind, seq: String(seq), detail };
}

export interface ChainedRow {
  readonly seq: string;
  readonly canonical: string;
  readonly entry_hash: Buffer;
  readonly previous_hash: Buffer;
}

/** Where the chain stands before the next row to be checked. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: Buffer;
}

export const CHAIN_START: ChainPosition = { seq: 0, hash: GENESIS_HASH };

/** The chain after a row that follows, and the row's leaf of the tree. */
export interface ChainStep extends ChainPosition {
  readonly leaf: Buffer;
}

/** Re-hashes a row. @returns what is wrong with it when it does not follow from the position */
export function followChain(from: ChainPosition, row: ChainedRow): ChainStep | AuditProblem {
  const seq = from.seq + 1;
  if (Number(row.seq) !== seq)
    return problemAt('gap', seq, `entry ${seq} is missing; the next one is ${row.seq}`);
  if (!row.previous_hash.equals(from.hash))
    return problemAt('altered', seq, 'previous_hash is not the hash of the entry before');
  const leaf = leafHash(row.canonical);
  const hash = linkHash(BigInt(seq), from.hash, leaf);
  if (!row.entry_hash.equals(hash))
    return problemAt('altered', seq, 'entry_hash is not the hash of the stored text');
  return { seq, hash, leaf };
}
