import type { EntityManager } from 'typeorm';

/** At most 3 MiB: an entry has at most 32 KiB. */
const ROWS_AT_ONCE = 100;

interface Row {
  readonly seq: string;
  readonly event_id: string;
  readonly canonical: string;
  readonly entry_hash: string;
  readonly previous_hash: string;
  readonly sequenced_at: string;
}

/** Entries `after` + 1 to `last` as they leave the system, in an export or an archive: some lines at a time. */
export async function* exportLines(db: EntityManager, after: number, last: number): AsyncGenerator<string> {
  for (let position = after; position < last;) {
    const rows = await db.query<Row[]>(
      `SELECT seq, event_id, canonical, encode(entry_hash, 'hex') AS entry_hash,
              encode(previous_hash, 'hex') AS previous_hash,
              to_char(sequenced_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS sequenced_at
       FROM audit_logs WHERE seq > $1 AND seq <= $2 ORDER BY audit_logs.seq LIMIT ${ROWS_AT_ONCE}`,
      [position, last],
    );
    if (rows.length === 0) return;
    position = Number(rows.at(-1)!.seq);
    yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  }
}
