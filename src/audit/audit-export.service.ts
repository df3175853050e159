import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from './audit-trail.service';
import { headSeq } from './verification/chained-rows';
import type { VerifyAuditDto } from './verification/verify-audit.dto';

/** At most 3 MiB: an entry has at most 32 KiB. */
const ROWS_AT_ONCE = 100;
const NDJSON = 'application/x-ndjson';

interface Row {
  readonly seq: string;
  readonly event_id: string;
  readonly canonical: string;
  readonly entry_hash: string;
  readonly previous_hash: string;
  readonly sequenced_at: string;
}

/** Entries as they were hashed, a line each: what the offline verifier reads. */
@Injectable()
export class AuditExport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  /** The lines are read from the database as the caller takes them; its own entry is committed before the first. */
  async entries({ from_seq, to_seq }: VerifyAuditDto): Promise<StreamableFile> {
    const head = await headSeq(this.dataSource.manager);
    const first = from_seq ?? 1;
    const last = Math.min(to_seq ?? head, head);
    this.trail.describe({
      objectType: 'audit_entry',
      details: { first_seq: String(first), last_seq: String(last), count: Math.max(last - first + 1, 0) },
    });
    const lines = Readable.from(this.lines(first - 1, last), { objectMode: false });
    return new StreamableFile(lines, { type: NDJSON }).setErrorHandler(cutOff);
  }

  private async *lines(after: number, last: number): AsyncGenerator<string> {
    for (let position = after; position < last;) {
      const rows = await this.dataSource.query<Row[]>(
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
}

/** An export that fails midway must not end like one that is complete: the connection is closed instead. */
function cutOff(_error: Error, response: { destroy?: () => void }): void {
  response.destroy?.();
}
