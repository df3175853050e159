import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditReader } from '../audit/audit-reader.service';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { InferenceResult } from './inference-result.entity';
import type { ListResultsDto } from './list-results.dto';
import { Pseudonyms } from './pseudonyms';
import { resultFilter } from './result-filter';
import { type ResultPageResponse, type ResultSummaryRow, toResultSummary } from './result-page.response';
import { type ResultDetailResponse, type ResultModel, toResultDetailResponse } from './result.response';
import { ValidationResult } from './validation-result.entity';

const FROM = `FROM inference_results result
  JOIN validation_results validation ON validation.inference_result_id = result.id`;

/** Reads results. What a caller may see is decided in the query, so a foreign id is as unknown as any other. */
@Injectable()
export class Results {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
    private readonly trail: AuditTrail,
    private readonly auditReader: AuditReader,
  ) {}

  async list(principal: Principal, query: ListResultsDto): Promise<ResultPageResponse> {
    const { page, page_size } = query;
    const { sql, parameters } = resultFilter(query, principal, this.pseudonyms);
    const [count] = await this.dataSource.query<{ total: number }[]>(
      `SELECT count(*)::int AS total ${FROM} WHERE ${sql}`,
      parameters,
    );
    const total = count?.total ?? 0;
    const total_pages = Math.ceil(total / page_size);
    if (page > Math.max(total_pages, 1))
      throw new DomainError('PAGE_NOT_FOUND', `There are ${total_pages} pages`);

    const rows = await this.dataSource.query<ResultSummaryRow[]>(
      `SELECT result.id, result.model_version_id, result.confidence_score, result.status, validation.is_valid,
              result.created_at, result.created_by
       ${FROM} WHERE ${sql}
       ORDER BY result.created_at DESC, result.id DESC
       LIMIT ${page_size} OFFSET ${(page - 1) * page_size}`,
      parameters,
    );
    const returned_ids = rows.map(({ id }) => id);
    this.trail.describe({ objectType: 'inference_result', details: { count: rows.length, returned_ids } });
    return { items: rows.map(toResultSummary), total, page, page_size, total_pages };
  }

  async get(principal: Principal, id: string): Promise<ResultDetailResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    const { manager } = this.dataSource;
    const result = await manager.findOneBy(InferenceResult, {
      id,
      ...(principal.role === 'integration' && { createdBy: principal.userId }),
    });
    if (result === null) throw new DomainError('RESULT_NOT_FOUND');
    const validation = await manager.findOneByOrFail(ValidationResult, { inferenceResultId: id });
    const audit = await this.auditReader.eventIdsOf(id);
    return toResultDetailResponse(result, validation, await this.modelOf(result), audit);
  }

  private async modelOf({ modelVersionId }: InferenceResult): Promise<ResultModel> {
    const [model] = await this.dataSource.query<[ResultModel]>(
      'SELECT id AS model_id, model_name, version, file_hash FROM model_versions WHERE id = $1',
      [modelVersionId],
    );
    return model;
  }
}
