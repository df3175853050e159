import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { SecretsConfig } from '../../config/secrets.config';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { SealedCursors } from '../../http/sealed-cursors';
import { Pseudonyms } from '../pseudonyms';
import type { ListResultsDto } from './list-results.dto';
import { resultFilter, type SqlCondition } from './result-filter';
import { type ResultPageResponse, type ResultSummaryRow, toResultSummary } from './result-page.response';

const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';

/** Lists of results. What a caller may see is decided in the query. */
@Injectable()
export class ResultList {
  private readonly cursors: SealedCursors;

  constructor(
    private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
    private readonly trail: AuditTrail,
    secrets: SecretsConfig,
  ) {
    this.cursors = new SealedCursors(secrets.pseudonymKey, 'result');
  }

  /** By page with an exact total, or by cursor without counting. */
  async list(principal: Principal, query: ListResultsDto): Promise<ResultPageResponse> {
    const filter = resultFilter(query, principal, this.pseudonyms);
    return query.cursor === undefined
      ? this.numberedPage(principal, query, filter)
      : this.nextPage(principal, query, filter);
  }

  private async numberedPage(
    principal: Principal,
    { page, page_size }: ListResultsDto,
    filter: SqlCondition,
  ): Promise<ResultPageResponse> {
    const total = await this.count(filter);
    const total_pages = Math.ceil(total / page_size);
    if (page > Math.max(total_pages, 1))
      throw new DomainError('PAGE_NOT_FOUND', `There are ${total_pages} pages`);
    const rows = await this.rows(filter, page_size, `OFFSET ${(page - 1) * page_size}`);
    const next_cursor = page < total_pages ? this.cursorAfter(rows, principal, filter) : null;
    return { ...this.shown(rows), total, page, page_size, total_pages, next_cursor };
  }

  private async nextPage(
    principal: Principal,
    { cursor = '', page_size }: ListResultsDto,
    filter: SqlCondition,
  ): Promise<ResultPageResponse> {
    const after = cursor === '' ? filter : this.after(cursor, principal, filter);
    const rows = await this.rows(after, page_size + 1, '');
    const page = rows.slice(0, page_size);
    const next_cursor = rows.length > page_size ? this.cursorAfter(page, principal, filter) : null;
    return { ...this.shown(page), total: null, page: null, page_size, total_pages: null, next_cursor };
  }

  private async count({ sql, parameters }: SqlCondition): Promise<number> {
    const [row] = await this.dataSource.query<[{ total: number }]>(
      `SELECT count(*)::int AS total FROM inference_results result WHERE ${sql}`,
      parameters,
    );
    return row.total;
  }

  /** The page is found in an index; only its rows are looked up in the table. */
  private rows(
    { sql, parameters }: SqlCondition,
    limit: number,
    offset: string,
  ): Promise<ResultSummaryRow[]> {
    return this.dataSource.query<ResultSummaryRow[]>(
      `SELECT id, model_version_id, confidence_score, status, is_valid, created_at, created_by,
              to_json(created_at) #>> '{}' AS position
       FROM inference_results
       WHERE id IN (SELECT id FROM inference_results result WHERE ${sql} ${NEWEST_FIRST} LIMIT ${limit} ${offset})
       ${NEWEST_FIRST}`,
      parameters,
    );
  }

  private shown(rows: readonly ResultSummaryRow[]): Pick<ResultPageResponse, 'items'> {
    const returned_ids = rows.map(({ id }) => id);
    this.trail.describe({ objectType: 'inference_result', details: { count: rows.length, returned_ids } });
    return { items: rows.map(toResultSummary) };
  }

  private cursorAfter(
    rows: readonly ResultSummaryRow[],
    principal: Principal,
    filter: SqlCondition,
  ): string | null {
    const last = rows.at(-1);
    if (last === undefined) return null;
    return this.cursors.seal(contextOf(principal, filter), `${last.position} ${last.id}`);
  }

  private after(cursor: string, principal: Principal, { sql, parameters }: SqlCondition): SqlCondition {
    const position = this.cursors.open(contextOf(principal, { sql, parameters }), cursor).split(' ');
    const [createdAt, id] = [1, 2].map((place) => `$${parameters.length + place}`);
    return {
      sql: `${sql} AND (result.created_at, result.id) < (${createdAt}::timestamptz, ${id}::uuid)`,
      parameters: [...parameters, ...position],
    };
  }
}

const contextOf = ({ userId }: Principal, { sql, parameters }: SqlCondition): string =>
  JSON.stringify([userId, sql, parameters]);
