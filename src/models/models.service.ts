import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { ListModelsDto } from './list-models.dto';
import {
  type ModelPageResponse,
  type ModelResponse,
  type ModelSummary,
  toModelResponse,
  toModelSummary,
} from './model.response';
import { ModelVersion } from './model-version.entity';

/** How many of a version's latest results its median latency is taken over. */
const LATENCY_SAMPLE = 200;

const SUMMARY: Record<keyof ModelSummary, true> = {
  id: true,
  modelName: true,
  version: true,
  status: true,
  clinicalDomain: true,
  confidenceThreshold: true,
  inputShape: true,
  outputShape: true,
  fileHash: true,
  fileSizeBytes: true,
  manifestHash: true,
  inferenceLatencyMs: true,
  createdBy: true,
  createdAt: true,
  deployedAt: true,
  deprecatedAt: true,
};

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
      select: SUMMARY,
      where: {
        ...(status !== undefined && { status }),
        ...(clinical_domain !== undefined && { clinicalDomain: clinical_domain }),
        ...(model_name !== undefined && { modelName: model_name }),
      },
      order: { createdAt: 'DESC', id: 'DESC' },
      skip,
      take: limit,
    });
    const ids = versions.map(({ id }) => id);
    const [latencies, labels] = await Promise.all([this.servedLatencies(ids), this.labels(ids)]);
    this.trail.describe({ objectType: 'model_version', details: { count: versions.length } });
    return {
      items: versions.map((version) =>
        toModelSummary(version, labels.get(version.id) ?? [], latencies.get(version.id)),
      ),
      total,
      skip,
      limit,
    };
  }

  /** @throws DomainError MODEL_NOT_FOUND */
  async find(id: string): Promise<ModelVersion> {
    this.trail.describe({ objectType: 'model_version', objectId: id });
    const version = await this.versions.findOneBy({ id });
    if (version === null) throw new DomainError('MODEL_NOT_FOUND');
    return version;
  }

  async get(id: string): Promise<ModelResponse> {
    const version = await this.find(id);
    const latencies = await this.servedLatencies([id]);
    return toModelResponse(version, latencies.get(id));
  }

  private async labels(ids: readonly string[]): Promise<Map<string, readonly string[]>> {
    const rows = await this.versions.query<{ id: string; labels: readonly string[] }[]>(
      `SELECT id, manifest -> 'labels' AS labels FROM model_versions WHERE id = ANY($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map(({ id, labels }) => [id, labels]));
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
