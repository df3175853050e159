import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { AuditReader } from '../audit/audit-reader.service';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { InferenceResult, type ResultError } from './inference-result.entity';
import { type ResultDetailResponse, toResultDetailResponse } from './result-detail.response';
import { type ResultModel, type ResultResponse, toResultResponse } from './result.response';
import { Reviews } from './review/reviews.service';
import { ValidationResult } from './validation-result.entity';

export type AnsweredResult = ResultResponse & { readonly error: ResultError | null };

/** Reads results. What a caller may see is decided in the query, so a foreign id is as unknown as any other. */
@Injectable()
export class Results {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly auditReader: AuditReader,
    private readonly reviews: Reviews,
  ) {}

  async get(principal: Principal, id: string): Promise<ResultDetailResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    const { manager } = this.dataSource;
    const result = await manager.findOneBy(InferenceResult, {
      id,
      ...(principal.role === 'integration' && { createdBy: principal.userId }),
    });
    if (result === null) throw new DomainError('RESULT_NOT_FOUND');
    const validation = await manager.findOneBy(ValidationResult, { inferenceResultId: id });
    const audit = await this.auditReader.eventIdsOf(id);
    const [model] = await this.modelsOf([result]);
    const reviews = await this.reviews.of(result);
    return toResultDetailResponse(result, validation, model ?? null, reviews, audit);
  }

  /** The answers by their ids. Whether the caller may see them has been decided. */
  async answers(ids: readonly string[]): Promise<ReadonlyMap<string, AnsweredResult>> {
    const { manager } = this.dataSource;
    const results = await manager.findBy(InferenceResult, { id: In(ids) });
    const validations = await manager.findBy(ValidationResult, { inferenceResultId: In(ids) });
    const models = await this.modelsOf(results);
    return new Map(
      results.map((result) => {
        const validation =
          validations.find(({ inferenceResultId }) => inferenceResultId === result.id) ?? null;
        const model = models.find(({ model_id }) => model_id === result.modelVersionId) ?? null;
        return [result.id, { ...toResultResponse(result, validation, model), error: result.error }];
      }),
    );
  }

  private async modelsOf(results: readonly InferenceResult[]): Promise<ResultModel[]> {
    const ids = new Set(results.flatMap(({ modelVersionId }) => modelVersionId ?? []));
    return this.dataSource.query<ResultModel[]>(
      `SELECT id AS model_id, model_name, version, file_hash, manifest->>'intended_use' AS intended_use
       FROM model_versions WHERE id = ANY ($1)`,
      [[...ids]],
    );
  }
}
