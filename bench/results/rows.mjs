// Results as a hospital has them after `count` images, made in the database: one every 30 seconds, the newest first in n.

/** The patient and the account that have few results, however many there are. */
export const RARE = { patient: 'MRN-0000007', account: 'demo.auditor' };

/** @param pseudonym of RARE.patient, under the one key of the installation */
export async function loadResults(client, count, pseudonym) {
  await client.query(
    "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'",
  );
  await client.query("SET maintenance_work_mem = '1GB'");
  const model = "(SELECT id FROM model_versions WHERE version = '1.0.0')";
  await client.query(MODELS);
  const dropped = await client.query(`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename = 'inference_results' AND indexname NOT IN (SELECT conname FROM pg_constraint)`);
  for (const { name } of dropped.rows) await client.query(`DROP INDEX ${name}`);
  await client.query(
    `INSERT INTO inference_batches (id, created_by, created_by_role, priority, created_at, finished_at)
     SELECT ${uuidOf("'b' || n")}, ${account('demo.clinician')}, 'clinician', 'normal', now(), now()
     FROM generate_series(1, ${Math.ceil(count / 100)}) AS n`,
  );
  const columns = { ...COLUMNS, patient_id: PATIENT };
  await client.query(
    `WITH made AS MATERIALIZED (
       SELECT n, timestamptz '2026-11-01Z' - n * interval '30 seconds' AS made_at, random() AS dice, random() AS other
       FROM generate_series(${count}, 1, -1) AS n
     )
     INSERT INTO inference_results (${Object.keys(columns).join(', ')})
     SELECT ${Object.values(columns).join(', ')} FROM made, (SELECT $1::text AS pseudonym, ${model} AS model) AS known`,
    [pseudonym],
  );
  await client.query(`
    INSERT INTO validation_results (id, inference_result_id, is_valid, validation_score, brightness_valid, contrast_valid,
      motion_artifact_free, noise_level_acceptable, error_codes, warnings, metrics, validator_version)
    SELECT uuidv7(), id, is_valid, 0.9, true, true, true, is_valid, CASE WHEN is_valid THEN '{}' ELSE '{IMAGE_NOISY}'::text[] END,
      '{}', '{"brightness":0.4211,"contrast":0.2873,"sharpness":0.0412,"noise":0.0107}', '2' FROM inference_results`);
  for (const { definition } of dropped.rows) await client.query(definition);
  await client.query('VACUUM (ANALYZE) inference_results');
  await client.query('VACUUM (ANALYZE) validation_results');
}

/** Version 4, as far as anybody can tell. */
const uuidOf = (text) => `overlay(overlay(md5(${text}) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;

const account = (name) => `(SELECT id FROM users WHERE username = '${name}')`;

/** The demo model's version in production, one before it, and one that was hardly used. */
const MODELS = `
  CREATE TEMP TABLE copies AS SELECT * FROM model_versions;
  UPDATE copies SET id = ${uuidOf("'m1'")}, version = '0.9.0', status = 'deprecated', deprecated_at = now();
  INSERT INTO model_versions SELECT * FROM copies;
  UPDATE copies SET id = ${uuidOf("'m2'")}, version = '0.1.0';
  INSERT INTO model_versions SELECT * FROM copies;
  DROP TABLE copies`;

/** Ten results of the known patient among the newest ten thousand; every other has about three. */
const PATIENT = `CASE WHEN n <= 10000 AND n % 1000 = 7 THEN pseudonym
  ELSE split_part(pseudonym, ':', 1) || ':' || translate(md5((n / 3)::text), '0189', 'ghij') END`;

const COLUMNS = {
  id: 'uuidv7(made_at - now())',
  model_version_id: `CASE WHEN dice < 0.7 THEN model WHEN dice < 0.9999 THEN ${uuidOf("'m1'")} ELSE ${uuidOf("'m2'")} END`,
  model_status: `'production'`,
  batch_id: `CASE WHEN n % 5 = 0 THEN ${uuidOf("'b' || n / 100")} END`,
  status:
    "CASE WHEN other < 0.02 THEN 'failed' WHEN other < 0.62 THEN 'completed' WHEN other < 0.87 THEN 'reviewed' ELSE 'approved' END",
  is_valid: 'dice < 0.97',
  confidence_score: 'other',
  prediction: `json_build_object('label', 'bright spot', 'index', 1, 'score', other, 'above_threshold', other > 0.85)`,
  outputs: `json_build_object('probabilities', json_build_array(json_build_array(1 - other, other)))`,
  study_date: 'CASE WHEN n % 10 > 0 THEN made_at::date - (n % 3)::int END',
  anatomical_region: `'chest'`,
  image_width: '512',
  image_height: '512',
  image_format: `'dicom'`,
  image_hash: `md5(n::text) || md5('h' || n)`,
  processing: `'{"decoder":"dicom","rescaled":true,"digest_verified":false}'`,
  preprocessing_latency_ms: 'round(other::numeric * 20, 3)',
  inference_latency_ms: 'round(dice::numeric * 60, 3)',
  model_file_hash: `repeat('b', 64)`,
  manifest_hash: `repeat('c', 64)`,
  runtime_version: `'1.30.0'`,
  created_by: `CASE WHEN n <= 10000 AND n % 2000 = 11 THEN ${account(RARE.account)} WHEN other < 0.1 THEN ${account('admin')} ELSE ${account('demo.clinician')} END`,
  created_at: 'made_at',
  expires_at: `made_at + interval '2192 days'`,
  legal_hold: 'n % 1000 = 3',
  marked_at: 'CASE WHEN n % 1000 = 5 THEN now() END',
  purge_after: `CASE WHEN n % 1000 = 5 THEN now() + interval '30 days' END`,
};
