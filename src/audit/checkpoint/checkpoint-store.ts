import type { EntityManager } from 'typeorm';
import type { AuditProblem } from '../verification/chain-verification';
import { type CheckpointText, parseCheckpointText } from '../note/checkpoint-text';
import { parseNote, type SignedNote } from '../note/signed-note';

export interface StoredCheckpoint extends CheckpointText {
  /** The note as it was signed. */
  readonly note: string;
  readonly signed: SignedNote;
  readonly headHash: Buffer;
  readonly signedAt: Date;
}

export type PublicationTarget = 'anchor' | 'witness';

interface Row {
  readonly size: string;
  readonly note: string;
  readonly head_hash: Buffer;
  readonly signed_at: Date;
}

const SELECT = 'SELECT size, note, head_hash, signed_at FROM audit_checkpoints';

/** A row of audit_checkpoints is no checkpoint. */
export class MalformedCheckpoint extends Error {
  constructor(readonly size: string) {
    super(`the checkpoint of size ${size} is not well-formed`);
  }

  get problem(): AuditProblem {
    return { class: 'altered', seq: this.size, detail: this.message };
  }
}

export async function newestCheckpoint(db: EntityManager): Promise<StoredCheckpoint | undefined> {
  const [row] = await db.query<Row[]>(`${SELECT} ORDER BY size DESC LIMIT 1`);
  return row && toCheckpoint(row);
}

/** In order of size, from the first that covers `size`. */
export async function checkpointsFrom(
  db: EntityManager,
  size: number,
  limit: number,
): Promise<StoredCheckpoint[]> {
  const rows = await db.query<Row[]>(`${SELECT} WHERE size >= $1 ORDER BY size LIMIT $2`, [size, limit]);
  return rows.map(toCheckpoint);
}

export async function storeCheckpoint(db: EntityManager, note: string, headHash: Buffer): Promise<void> {
  await db.query('INSERT INTO audit_checkpoints (note, head_hash) VALUES ($1, $2)', [note, headHash]);
}

/** Size of the newest checkpoint that `target` has taken; 0 for none. */
export async function publishedSize(db: EntityManager, target: PublicationTarget): Promise<number> {
  const [row] = await db.query<{ size: string | null }[]>(
    'SELECT max(size) AS size FROM audit_publications WHERE target = $1',
    [target],
  );
  return Number(row?.size ?? 0);
}

export async function recordPublication(
  db: EntityManager,
  target: PublicationTarget,
  size: number,
  cosignatures: string | null = null,
): Promise<void> {
  await db.query(
    `INSERT INTO audit_publications (target, size, cosignatures) VALUES ($1, $2, $3)
     ON CONFLICT ON CONSTRAINT audit_publications_pk DO NOTHING`,
    [target, size, cosignatures],
  );
}

/** The note with the lines of the witness, where it has taken this checkpoint. */
export async function noteWithCosignatures(db: EntityManager, checkpoint: StoredCheckpoint): Promise<string> {
  const [row] = await db.query<{ cosignatures: string }[]>(
    `SELECT cosignatures FROM audit_publications WHERE size = $1 AND cosignatures IS NOT NULL`,
    [checkpoint.size],
  );
  return checkpoint.note + (row?.cosignatures ?? '');
}

function toCheckpoint(row: Row): StoredCheckpoint {
  const signed = parseNote(row.note);
  const text = signed && parseCheckpointText(signed.text);
  if (signed === undefined || text === undefined) throw new MalformedCheckpoint(row.size);
  return { ...text, note: row.note, signed, headHash: row.head_hash, signedAt: row.signed_at };
}
