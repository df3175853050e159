import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { archivedError, archivedThrough } from '../archive/archives';
import { AuditTrail } from '../audit-trail.service';
import { exportLines } from './export-lines';
import { cutOff, NDJSON } from './ndjson';
import { headSeq } from '../verification/chained-rows';
import { assertRange, type VerifyAuditDto } from '../verification/verify-audit.dto';

/** Entries as they were hashed, a line each: what the offline verifier reads. */
@Injectable()
export class AuditExport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * The lines are read from the database as the caller takes them; its own entry is committed before the first.
   * @throws DomainError AUDIT_ENTRY_ARCHIVED when it is to begin with an entry that is archived
   */
  async entries(range: VerifyAuditDto): Promise<StreamableFile> {
    assertRange(range);
    const { from_seq, to_seq } = range;
    const head = await headSeq(this.dataSource.manager);
    const first = from_seq ?? (await archivedThrough(this.dataSource.manager)) + 1;
    const archived = await archivedError(this.dataSource.manager, first);
    if (archived !== undefined) throw archived;
    const last = Math.min(to_seq ?? head, head);
    this.trail.describe({
      objectType: 'audit_entry',
      details: { first_seq: String(first), last_seq: String(last), count: Math.max(last - first + 1, 0) },
    });
    const lines = exportLines(this.dataSource.manager, first - 1, last);
    return new StreamableFile(Readable.from(lines, { objectMode: false }), { type: NDJSON }).setErrorHandler(
      cutOff,
    );
  }
}
