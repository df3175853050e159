import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditDetails } from '../../audit/audit-details';
import { AuditTrail } from '../../audit/audit-trail.service';
import type { Principal } from '../../http/principal';
import type { ResultFilterDto } from '../list/result-filter.dto';
import { resultFilter, type SqlCondition } from '../list/result-filter';
import { Pseudonyms } from '../pseudonyms';
import { csvLine } from './csv';
import { EXPORT_HEADERS, type ExportFormat } from './export-format';
import { exportColumns, type ExportedResult } from './exported-result';

/** Their ids fit into one audit entry. */
const CHUNK_ROWS = 500;

interface ChunkRow extends ExportedResult {
  readonly position: string;
}

/** Results as a file of any length, five hundred rows in memory at a time. */
@Injectable()
export class ResultExport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * Oldest first, up to the moment of the call. The request's entry is written before the first byte, and one with the
   * ids of every chunk before that leaves; when the last row has been read another records how many there were and the
   * SHA-256 of the file. NDJSON ends with a line of both; without it a file is incomplete.
   */
  open(principal: Principal, query: ResultFilterDto, format: ExportFormat): StreamableFile {
    const withPatientFields = principal.role === 'clinician';
    const filter = resultFilter(query, principal, this.pseudonyms);
    this.trail.describe({ objectType: 'inference_result', details: { format } });
    const lines = Readable.from(this.lines(filter, exportColumns(withPatientFields), format), {
      objectMode: false,
      highWaterMark: 64 * 1024,
    });
    return new StreamableFile(lines, EXPORT_HEADERS[format]);
  }

  private async *lines(
    filter: SqlCondition,
    columns: Readonly<Record<string, string>>,
    format: ExportFormat,
  ): AsyncGenerator<string> {
    const hash = createHash('sha256');
    const names = Object.keys(columns);
    const lineOf = (row: ExportedResult): string =>
      format === 'csv' ? csvLine(names.map((name) => row[name])) : `${JSON.stringify(row)}\n`;
    if (format === 'csv') {
      const header = csvLine(names);
      hash.update(header);
      yield header;
    }
    let count = 0;
    for await (const rows of this.chunks(filter, columns)) {
      const text = rows.map(lineOf).join('');
      hash.update(text);
      count += rows.length;
      await this.record({ format, count: rows.length, returned_ids: rows.map((row) => row.inference_id) });
      yield text;
    }
    const result_hash = hash.digest('hex');
    await this.record({ format, count, result_hash });
    if (format === 'ndjson') yield `${JSON.stringify({ count, sha256: result_hash })}\n`;
  }

  private record(details: AuditDetails): Promise<void> {
    return this.trail.record(this.dataSource.manager, 'result.exported', {
      objectType: 'inference_result',
      details,
    });
  }

  private async *chunks(
    { sql, parameters }: SqlCondition,
    columns: Readonly<Record<string, string>>,
  ): AsyncGenerator<ExportedResult[]> {
    const selected = Object.entries(columns).map(([name, expression]) => `${expression} AS ${name}`);
    const [end, createdAt, id] = [1, 2, 3].map((place) => `$${parameters.length + place}`);
    const [now] = await this.dataSource.query<[{ now: string }]>('SELECT now()::text AS now');
    let after = ['-infinity', '00000000-0000-0000-0000-000000000000'];
    for (;;) {
      const rows = await this.dataSource.query<ChunkRow[]>(
        `SELECT ${selected.join(', ')}, result.created_at::text AS position
         FROM inference_results result
         LEFT JOIN validation_results validation ON validation.inference_result_id = result.id
         LEFT JOIN model_versions model ON model.id = result.model_version_id
         WHERE ${sql} AND result.created_at <= ${end}::timestamptz
           AND (result.created_at, result.id) > (${createdAt}::timestamptz, ${id}::uuid)
         ORDER BY result.created_at, result.id LIMIT ${CHUNK_ROWS}`,
        [...parameters, now.now, ...after],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      after = [last.position, last.inference_id];
      yield rows.map(({ position: _position, ...row }) => row as ExportedResult);
      if (rows.length < CHUNK_ROWS) return;
    }
  }
}
