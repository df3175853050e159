import type { EntityManager } from 'typeorm';
import { DomainError } from '../../errors/domain.error';
import { linkHash } from '../audit-chain';
import { StoredTree } from '../merkle/stored-tree';
import {
  type AuditProblem,
  CHAIN_START,
  type ChainPosition,
  problemAt,
} from '../verification/chain-verification';

/** A range of entries that is in a file, with only its leaf hashes left in the database. */
export interface Archive {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** SHA-256, hex. */
  readonly fileHash: string;
  /** Of the last entry. */
  readonly entryHash: Buffer;
}

export const archiveName = ({ firstSeq, lastSeq }: Pick<Archive, 'firstSeq' | 'lastSeq'>): string =>
  `audit-${firstSeq}-${lastSeq}.ndjson`;

/** Seq of the last archived entry; 0 for none. */
export async function archivedThrough(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ seq: string | null }[]>('SELECT max(last_seq) AS seq FROM audit_archives');
  return Number(row?.seq ?? 0);
}

async function archiveOf(db: EntityManager, seq: number): Promise<Archive | undefined> {
  const [row] = await db.query<{ first: string; last: string; file_hash: string; entry_hash: Buffer }[]>(
    `SELECT first_seq AS first, last_seq AS last, encode(file_hash, 'hex') AS file_hash, entry_hash
     FROM audit_archives WHERE last_seq >= $1 ORDER BY last_seq LIMIT 1`,
    [seq],
  );
  if (row === undefined || Number(row.first) > seq) return undefined;
  return {
    firstSeq: Number(row.first),
    lastSeq: Number(row.last),
    fileHash: row.file_hash,
    entryHash: row.entry_hash,
  };
}

/** Position of an archived entry; undefined for an event that is in no archive. */
export async function archivedSeq(db: EntityManager, eventId: string): Promise<number | undefined> {
  const [row] = await db.query<{ seq: string }[]>(
    'SELECT seq FROM audit_archived_entries WHERE event_id = $1',
    [eventId],
  );
  return row && Number(row.seq);
}

/** Says which file the entry is in. @returns undefined when it is in none */
export async function archivedError(db: EntityManager, seq: number): Promise<DomainError | undefined> {
  const archive = await archiveOf(db, seq);
  return (
    archive &&
    new DomainError(
      'AUDIT_ENTRY_ARCHIVED',
      `Entry ${seq} is in ${archiveName(archive)}, SHA-256 ${archive.fileHash}`,
    )
  );
}

/** The chain as it stands with an archived entry: followed over the leaf hashes from where its archive begins. */
export async function archivedPosition(db: EntityManager, seq: number): Promise<ChainPosition | undefined> {
  const archive = await archiveOf(db, seq);
  if (archive === undefined) return undefined;
  if (archive.lastSeq === seq) return { seq, hash: archive.entryHash };
  const before = await archiveOf(db, archive.firstSeq - 1);
  let position = before ? { seq: before.lastSeq, hash: before.entryHash } : CHAIN_START;
  const tree = new StoredTree(db);
  while (position.seq < seq) position = linked(position, await tree.leaf(position.seq));
  return position;
}

/** The chain after an entry of which only the leaf is known. */
export function linked(from: ChainPosition, leaf: Buffer): ChainPosition & { readonly leaf: Buffer } {
  const seq = from.seq + 1;
  return { seq, hash: linkHash(BigInt(seq), from.hash, leaf), leaf };
}

/** An archive that no entry of the trail names: the rows were removed, not archived. */
export async function unnamedArchive(db: EntityManager): Promise<AuditProblem | undefined> {
  const [row] = await db.query<{ first_seq: string; last_seq: string }[]>(
    `SELECT first_seq, last_seq FROM audit_archives
     WHERE NOT EXISTS (SELECT FROM audit_archived_entries WHERE event_id = audit_archives.event_id)
       AND NOT EXISTS (
         SELECT FROM (
           SELECT event_id, canonical FROM audit_logs UNION ALL SELECT event_id, canonical FROM audit_inbox
         ) AS entries
         WHERE entries.event_id = audit_archives.event_id AND canonical LIKE '%"action":"audit.archived"%'
           AND canonical LIKE '%"archive_hash":"' || encode(file_hash, 'hex') || '"%'
           AND canonical LIKE '%"first_seq":"' || first_seq || '"%' AND canonical LIKE '%"last_seq":"' || last_seq || '"%')
     ORDER BY audit_archives.last_seq LIMIT 1`,
  );
  const detail = `entries ${row?.first_seq} to ${row?.last_seq} are gone into an archive that no entry names`;
  return row && problemAt('gap', Number(row.first_seq), detail);
}
