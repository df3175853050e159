import type { EntityManager } from 'typeorm';
import { archivedPosition } from '../archive/archives';
import { FILED_COLUMNS, type FiledRow } from './filed-row';
import { CHAIN_START, type ChainedRow, type ChainPosition } from './chain-verification';

/** Entries `after` + 1 to `last`, in order. */
export const rowsBetween = (db: EntityManager, after: number, last: number): Promise<ChainedRow[]> =>
  db.query<ChainedRow[]>(
    'SELECT seq, canonical, entry_hash, previous_hash FROM audit_logs WHERE seq > $1 AND seq <= $2 ORDER BY seq',
    [after, last],
  );

/** The same, with the columns that lists are filtered by. */
export const filedRowsBetween = (db: EntityManager, after: number, last: number): Promise<FiledRow[]> =>
  db.query<FiledRow[]>(
    `SELECT seq, canonical, entry_hash, previous_hash, ${FILED_COLUMNS}
     FROM audit_logs WHERE seq > $1 AND seq <= $2 ORDER BY audit_logs.seq`,
    [after, last],
  );

/** The chain as it stands with entry `seq`, archived or not; undefined when there is no such entry. */
export async function positionAt(db: EntityManager, seq: number): Promise<ChainPosition | undefined> {
  if (seq === 0) return CHAIN_START;
  const [row] = await rowsBetween(db, seq - 1, seq);
  return row ? { seq, hash: row.entry_hash } : archivedPosition(db, seq);
}

/** Seq of the newest entry; 0 for none. */
export async function headSeq(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ seq: string | null }[]>('SELECT max(seq) AS seq FROM audit_logs');
  return Number(row?.seq ?? 0);
}
