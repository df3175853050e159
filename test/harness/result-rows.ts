import type { DataSource } from 'typeorm';

export interface ResultRows {
  readonly count: number;
  readonly modelId: string;
  readonly createdBy: string;
  /** SQL expressions of `n`, 1..count, by column; the rest is the same in every row. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** Whole results with their validations, made in the database: row n is n seconds older than 2026-01-01. */
export async function insertResultRows(dataSource: DataSource, rows: ResultRows): Promise<void> {
  const columns = {
    id: 'gen_random_uuid()',
    model_version_id: `'${rows.modelId}'::uuid`,
    model_status: `'production'`,
    status: `'completed'`,
    is_valid: 'true',
    confidence_score: '0.5',
    image_width: '64',
    image_height: '64',
    image_format: `'png'`,
    image_hash: `repeat('a', 64)`,
    preprocessing_latency_ms: '1',
    inference_latency_ms: '1',
    model_file_hash: `repeat('b', 64)`,
    manifest_hash: `repeat('c', 64)`,
    runtime_version: `'1'`,
    created_by: `'${rows.createdBy}'::uuid`,
    created_at: `timestamptz '2026-01-01Z' - n * interval '1 second'`,
    ...rows.columns,
  };
  await dataSource.query(
    `WITH result AS (
       INSERT INTO inference_results (${Object.keys(columns).join(', ')})
       SELECT ${Object.values(columns).join(', ')} FROM generate_series(1, ${rows.count}) AS n
       RETURNING id, is_valid
     )
     INSERT INTO validation_results (id, inference_result_id, is_valid, validation_score, error_codes, warnings, metrics, validator_version)
     SELECT gen_random_uuid(), id, is_valid, 1, '{}', '{}', '{}', '1' FROM result`,
  );
}
