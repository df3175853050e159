import type { EntityManager } from 'typeorm';
import type { ModelStatus } from '../model-version.entity';
import { BINS, type Histogram } from './confidence-histogram';

/** Latest results that a distribution is taken over. */
export const SAMPLE_SIZE = 10_000;

/** How the confidence scores that a version gave while it was in a status are spread. */
export async function confidenceHistogram(
  manager: Pick<EntityManager, 'query'>,
  versionId: string,
  status: ModelStatus,
): Promise<Histogram> {
  const rows = await manager.query<{ bin: number; count: number }[]>(
    `SELECT least(floor(confidence_score * ${BINS}), ${BINS - 1})::int AS bin, count(*)::int AS count
     FROM (SELECT confidence_score FROM inference_results
           WHERE model_version_id = $1 AND model_status = $2 AND confidence_score IS NOT NULL
           ORDER BY created_at DESC LIMIT ${SAMPLE_SIZE}) AS recent
     GROUP BY bin`,
    [versionId, status],
  );
  const counts = new Map(rows.map(({ bin, count }) => [bin, count]));
  return Array.from({ length: BINS }, (_, bin) => counts.get(bin) ?? 0);
}
