import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { ListModelsDto } from './list-models.dto';
import { type ModelPageResponse, type ModelResponse, toModelResponse } from './model.response';
import { ModelVersion } from './model-version.entity';

/** How many of a version's latest results its median latency is taken over. */
const LATENCY_SAMPLE = 200;

@Injectable()
export class Models {
  constructor(
    @InjectRepository(ModelVersion) private readonly versions: Repository<ModelVersion>,
    private readonly trail: AuditTrail,
  ) {}

  async list({
    skip,
    limit,
    status,
    clinical_domain,
    model_name,
  }: ListModelsDto): Promise<ModelPageResponse> {
    const [versions, total] = await this.versions.findAndCount({
      where: {
        ...(status !== undefined && { status }),
        ...(clinical_domain !== undefined && { clinicalDomain: clinical_domain }),
        ...(model_name !== undefined && { modelName: model_name }),
      },
      order: { createdAt: 'DESC', id: 'DESC' },
      skip,
      take: limit,
    });
    const latencies = await this.servedLatencies(versions.map(({ id }) => id));
    this.trail.describe({ objectType: 'model_version', details: { count: versions.length } });
    return {
      items: versions.map((version) => toModelResponse(version, latencies.get(version.id))),
      total,
      skip,
      limit,
    };
  }

  async get(id: string): Promise<ModelResponse> {
    this.trail.describe({ objectType: 'model_version', objectId: id });
    const version = await this.versions.findOneBy({ id });
    if (version === null) throw new DomainError('MODEL_NOT_FOUND');
    const latencies = await this.servedLatencies([id]);
    return toModelResponse(version, latencies.get(id));
  }

  /** Median run time in milliseconds by version id, of versions that have served. */
  private async servedLatencies(ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.versions.query<{ id: string; median: number }[]>(
      `SELECT version.id, percentile_cont(0.5) WITHIN GROUP (ORDER BY recent.inference_latency_ms) AS median
       FROM unnest($1::uuid[]) AS version (id) CROSS JOIN LATERAL (
         SELECT inference_latency_ms FROM inference_results
         WHERE model_version_id = version.id ORDER BY created_at DESC LIMIT ${LATENCY_SAMPLE}
       ) AS recent
       GROUP BY version.id`,
      [ids],
    );
    return new Map(rows.map(({ id, median }) => [id, median]));
  }
}
