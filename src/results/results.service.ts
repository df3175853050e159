import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditReader } from '../audit/audit-reader.service';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { InferenceResult } from './inference-result.entity';
import { type ResultDetailResponse, type ResultModel, toResultDetailResponse } from './result.response';
import { ValidationResult } from './validation-result.entity';

/** Reads a result. What a caller may see is decided in the query, so a foreign id is as unknown as any other. */
@Injectable()
export class Results {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly auditReader: AuditReader,
  ) {}

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
