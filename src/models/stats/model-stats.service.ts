import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ModelVersion } from '../model-version.entity';
import { Models } from '../models.service';
import { type Histogram, populationStabilityIndex } from './confidence-histogram';
import { confidenceHistogram, SAMPLE_SIZE } from './confidence-scores';
import type { ModelStatsResponse } from './model-stats.response';

interface Counts {
  readonly count: number;
  readonly failures: number;
  readonly quality_failures: number;
  readonly percentiles: readonly number[] | null;
  readonly first: Date | null;
  readonly last: Date | null;
}

/** What a version has served, from its stored results: the same on every replica. */
@Injectable()
export class ModelStats {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly models: Models,
  ) {}

  async of(id: string): Promise<ModelStatsResponse> {
    const version = await this.models.find(id);
    const [counts, current, baseline] = await Promise.all([
      this.counts(id),
      confidenceHistogram(this.dataSource.manager, id, 'production'),
      version.validationBaseline ?? confidenceHistogram(this.dataSource.manager, id, 'validation'),
    ]);
    return toResponse(version, counts, current, baseline);
  }

  /** Over the latest results of any status; the index on version and time bounds the cost. */
  private async counts(id: string): Promise<Counts> {
    const [row] = await this.dataSource.query<[Counts]>(
      `SELECT count(*)::int AS count,
              count(*) FILTER (WHERE recent.status = 'failed')::int AS failures,
              count(*) FILTER (WHERE NOT validation.is_valid)::int AS quality_failures,
              percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY recent.inference_latency_ms)
                FILTER (WHERE recent.outputs IS NOT NULL) AS percentiles,
              min(recent.created_at) AS first, max(recent.created_at) AS last
       FROM (SELECT id, status, outputs, inference_latency_ms, created_at FROM inference_results
             WHERE model_version_id = $1 ORDER BY created_at DESC LIMIT ${SAMPLE_SIZE}) AS recent
       LEFT JOIN validation_results validation ON validation.inference_result_id = recent.id`,
      [id],
    );
    return row;
  }
}

function toResponse(
  version: ModelVersion,
  { count, failures, quality_failures, percentiles, first, last }: Counts,
  current: Histogram,
  baseline: Histogram,
): ModelStatsResponse {
  const [p50, p95, p99] = percentiles ?? [];
  return {
    model_id: version.id,
    sample_limit: SAMPLE_SIZE,
    count,
    failures,
    first_at: first?.toISOString() ?? null,
    last_at: last?.toISOString() ?? null,
    inference_latency_ms: { p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null },
    quality_failure_rate: count === 0 ? null : quality_failures / count,
    confidence: { production: [...current], validation: [...baseline] },
    drift: { population_stability_index: populationStabilityIndex(baseline, current) },
  };
}
