// Do the two steps of a deletion disturb inference? See retention.md.
//     node bench/retention.mjs purge|mark [results] [clients]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { encode } from 'fast-png';
import { Client } from 'pg';
import { fileOf, manifestOf, modelName, SIDE } from './models/models.mjs';
import { ascending, machine, markdown, percentile } from './report.mjs';
import { startComplete } from './servers.mjs';

const product = createRequire(import.meta.url);
const { EmbeddedPostgres } = product('../dist/database/embedded/embedded-postgres.js');
const { separateRoles } = product('../dist/database/database-roles.js');

const JOB = process.argv[2] ?? 'purge';
const COUNT = Number(process.argv[3] ?? 100_000);
const CLIENTS = Number(process.argv[4] ?? 4);
/** From the start of loading: the time of all results comes at once. */
const DUE_SECONDS = Number(process.env.BENCH_DUE_SECONDS ?? 30);
const AT_MOST_SECONDS = 300;
const WARM_UP_MS = 6_000;

const DUE = `now() + interval '${DUE_SECONDS} seconds'`;
/** What each job has to do, and whether it has anything left. */
const TIMES = {
  mark: `${DUE}, NULL, NULL`,
  purge: `now() - interval '1 day', now() - interval '1 day', ${DUE}`,
}[JOB];
const LEFT = {
  mark: 'SELECT FROM inference_results WHERE expires_at <= now() + $1 AND marked_at IS NULL AND NOT legal_hold',
  purge: 'SELECT FROM inference_results WHERE purge_after <= now() + $1',
}[JOB];

const LOAD = (modelId, userId) => `
  WITH result AS (
    INSERT INTO inference_results (id, model_version_id, model_status, status, is_valid, confidence_score, prediction, outputs,
      patient_id, study_date, image_width, image_height, image_format, image_hash, preprocessing_latency_ms, inference_latency_ms,
      model_file_hash, manifest_hash, runtime_version, created_by, created_at, expires_at, marked_at, purge_after)
    SELECT gen_random_uuid(), '${modelId}', 'production', 'completed', true, 0.5, '{"label":"a","index":0,"score":0.5}',
      '{"probabilities":[[0.5,0.5]]}', NULL, date '2020-01-01' + n % 365, 224, 224, 'png',
      repeat('a', 64), 1, 1, repeat('b', 64), repeat('c', 64), '1', '${userId}', now() - n * interval '1 second', ${TIMES}
    FROM generate_series(1, ${COUNT}) AS n
    RETURNING id
  )
  INSERT INTO validation_results (id, inference_result_id, is_valid, validation_score, error_codes, warnings, metrics, validator_version)
  SELECT gen_random_uuid(), id, true, 1, '{}', '{}', '{}', '1' FROM result`;

const grey = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 60 + (i % SIDE) / 2 + ((i * 7919) % 13));
const png = Buffer.from(encode({ width: SIDE, height: SIDE, data: grey, channels: 1 }));

const directory = mkdtempSync(join(tmpdir(), 'medai-bench-'));
const postgres = await EmbeddedPostgres.start({ directory: join(directory, 'postgres') });
let server;
let admin;
try {
  const urls = await separateRoles(postgres.url);
  server = await startComplete([{ manifest: await manifestOf('tiny', 'on'), file: fileOf('tiny') }], {
    DATABASE_URL: urls.application,
    DATABASE_SEQUENCER_URL: urls.sequencer,
    DATABASE_MIGRATION_URL: urls.migration,
    RETENTION_SWEEP_SECONDS: '1',
    RATE_LIMIT: 'off',
  });
  admin = new Client({ connectionString: urls.migration });
  await admin.connect();
  const one = async (sql) => (await admin.query(sql)).rows[0];
  const { id: userId } = await one("SELECT id FROM users WHERE role = 'clinician'");
  const modelId = server.ids[modelName('tiny', 'on')];
  const loading = performance.now();
  await admin.query(LOAD(modelId, userId));
  await admin.query('VACUUM (ANALYZE) inference_results, validation_results');
  process.stderr.write(`loaded in ${((performance.now() - loading) / 1000).toFixed(0)} s\n`);

  const answers = [];
  let unwanted = 0;
  const run = autocannon({
    url: `${server.url}/infer?model_id=${modelId}`,
    method: 'POST',
    headers: { 'Content-Type': 'image/png', ...(await server.headers()) },
    body: png,
    connections: CLIENTS,
    duration: AT_MOST_SECONDS,
    timeout: 30,
  });
  run.on('response', (_client, status, _bytes, ms) => {
    answers.push({ at: performance.now(), ms });
    if (status !== 200) unwanted++;
  });
  const started = performance.now();
  const isLeft = async (ahead) => (await admin.query(`SELECT EXISTS (${LEFT}) AS it`, [ahead])).rows[0].it;
  const times = {};
  while (times.end === undefined && performance.now() - started < AT_MOST_SECONDS * 1000) {
    await sleep(200);
    if (times.due === undefined && (await isLeft('0'))) times.due = performance.now();
    if (times.due !== undefined && !(await isLeft('1 hour'))) times.end = performance.now();
  }
  run.stop();
  await run;
  if (unwanted > 0 || times.end === undefined)
    throw new Error(`${unwanted} answers were not 200; the job has ${times.end ? '' : 'not '}finished`);
  const { entries } = await one(
    "SELECT count(*)::int AS entries FROM audit_logs WHERE action IN ('result.marked', 'result.purged')",
  );

  const seconds = (from, to) => ((to - from) / 1000).toFixed(1);
  const row = (name, from, to) => {
    const within = answers.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms);
    within.sort(ascending);
    const at = (share) => percentile(within, share).toFixed(1);
    const rate = ((within.length * 1000) / (to - from)).toFixed(1);
    return [name, seconds(from, to), within.length, rate, at(0.5), at(0.99), at(1)];
  };
  process.stdout.write(`${machine()}; ${COUNT} results, ${CLIENTS} clients, ${entries} audit entries\n\n`);
  process.stdout.write(
    markdown(
      ['inference', 's', 'answers', 'req/s', 'p50 ms', 'p99 ms', 'max ms'],
      [
        row('alone', started + WARM_UP_MS, times.due - 500),
        row(`while the job runs: ${JOB}`, times.due, times.end),
      ],
    ),
  );
} finally {
  await admin?.end();
  await server?.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
