import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { insertTogether } from '../../database/insert-together';
import { AuditTrail } from '../audit-trail.service';
import type { CheckpointKeys } from '../checkpoint/checkpoint-keys';
import { checkpointsFrom, noteWithCosignatures } from '../checkpoint/checkpoint-store';
import type { AuditProblem } from '../verification/chain-verification';
import { positionAt } from '../verification/chained-rows';
import { TrailWalk } from '../verification/trail-walk';
import { writeOnce } from './archive-file';
import { archivedThrough, archiveName } from './archives';
import { exportLines } from '../export/export-lines';

/** A checkpoint covers fewer, and one transaction may remove so many. */
const MAX_ENTRIES = 250_000;

/** The entries are not those that were signed: an archive of them would show it, and they stay where they are. */
class NotAsSigned extends Error {
  constructor({ class: kind, seq, detail }: AuditProblem) {
    super(`The trail does not verify, nothing is archived. ${kind} at entry ${seq}: ${detail}`);
  }
}

export interface NewArchive {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly path: string;
  readonly fileHash: string;
}

/** Moves the oldest entries out of the database, in the role of the owner of the schema. */
export class Archiver {
  private readonly trail: AuditTrail;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: CheckpointKeys,
    private readonly retentionDays: number,
  ) {
    this.trail = new AuditTrail(dataSource);
  }

  /**
   * Verifies a range, writes it and its checkpoint to the directory, and removes it from the database: in this order,
   * and one snapshot of the database is what is verified, written and removed.
   * @returns undefined when no entry is old enough, or none that is has been anchored
   * @throws NotAsSigned, ArchiveExists
   */
  next(directory: string): Promise<NewArchive | undefined> {
    return this.dataSource.transaction('REPEATABLE READ', async (db) => {
      await db.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
      const firstSeq = (await archivedThrough(db)) + 1;
      const lastSeq = await this.lastOf(db, firstSeq);
      if (lastSeq === undefined) return undefined;
      const walk = await TrailWalk.begin(db, this.keys, firstSeq, lastSeq);
      const problem = await walk.follow();
      if (problem !== null) throw new NotAsSigned(problem);

      const path = join(directory, archiveName({ firstSeq, lastSeq }));
      const [checkpoint] = await checkpointsFrom(db, lastSeq, 1);
      const note = await noteWithCosignatures(db, checkpoint!);
      const fileHash = await writeOnce(path, exportLines(db, firstSeq - 1, lastSeq));
      await writeOnce(path.replace(/ndjson$/, 'checkpoint'), only(note));
      const archive = { firstSeq, lastSeq, path, fileHash };
      const eventId = await this.record(db, archive, checkpoint!.root);
      await this.remove(db, archive, eventId);
      return archive;
    });
  }

  private async record(
    db: EntityManager,
    { firstSeq, lastSeq, fileHash }: NewArchive,
    root: Buffer,
  ): Promise<unknown> {
    const entry = this.trail.entries([
      {
        action: 'audit.archived',
        objectType: 'audit_entry',
        details: {
          first_seq: String(firstSeq),
          last_seq: String(lastSeq),
          count: lastSeq - firstSeq + 1,
          archive_hash: fileHash,
          checkpoint_size: String(lastSeq),
          root_hash: root.toString('base64'),
          retention_days: this.retentionDays,
        },
      },
    ]);
    await insertTogether(db, [entry]);
    return entry.rows[0]!['event_id'];
  }

  private async remove(
    db: EntityManager,
    { firstSeq, lastSeq, fileHash }: NewArchive,
    eventId: unknown,
  ): Promise<void> {
    const { hash } = (await positionAt(db, lastSeq))!;
    await db.query(
      `INSERT INTO audit_archives (first_seq, last_seq, file_hash, entry_hash, event_id, retention_days)
       VALUES ($1, $2, decode($3, 'hex'), $4, $5, $6)`,
      [firstSeq, lastSeq, fileHash, hash, eventId, this.retentionDays],
    );
    await db.query(`DELETE FROM audit_logs WHERE seq BETWEEN $1 AND $2 AND action <> 'key.rotated'`, [
      firstSeq,
      lastSeq,
    ]);
  }

  /** The largest checkpoint that every target has taken, over entries that are old enough and whose leaves are kept. */
  private async lastOf(db: EntityManager, first: number): Promise<number | undefined> {
    const [row] = await db.query<{ size: string | null }[]>(
      `SELECT max(size) AS size FROM audit_checkpoints
       WHERE size >= $1 AND size < $1 + ${MAX_ENTRIES} AND size < (SELECT max(seq) FROM audit_logs)
         AND size <= (SELECT min(taken) FROM (SELECT max(size) AS taken FROM audit_publications GROUP BY target) AS targets)
         AND (size - 1) / 256 <= (SELECT max(tile_index) FROM audit_tiles WHERE level = 0)
         AND size < coalesce(
           (SELECT seq FROM audit_logs WHERE seq >= $1 AND sequenced_at > clock_timestamp() - make_interval(days => $2)
            ORDER BY audit_logs.seq LIMIT 1), size + 1)`,
      [first, this.retentionDays],
    );
    return row?.size == null ? undefined : Number(row.size);
  }
}

async function* only(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}
