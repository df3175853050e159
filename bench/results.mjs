// How fast results are found and exported at ten thousand, a hundred thousand and a million of them. See results.md.
//     node bench/results.mjs load <dir>      makes the databases, in about two minutes
//     node bench/results.mjs lists <dir>     the table of latencies, and the plans
//     node bench/results.mjs export <dir>    the million as NDJSON and as CSV
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Client as Database } from 'pg';
import { Client } from './client.mjs';
import { ascending, machine, markdown, percentile } from './report.mjs';
import { isSequential, plansOf } from './results/plans.mjs';
import { loadResults, RARE } from './results/rows.mjs';
import { startProduct } from './servers.mjs';

const product = createRequire(import.meta.url);
const { EmbeddedPostgres } = product('../dist/database/embedded/embedded-postgres.js');
const { Pseudonyms } = product('../dist/results/pseudonyms.js');
product('@nestjs/common').Logger.overrideLogger(false);

const SIZES = [10_000, 100_000, 1_000_000];
const REQUESTS = 100;
const LONGEST_MS = 800;
const SECRET = Buffer.alloc(32, 7);
const SECRETS = { pseudonymKey: SECRET, previousPseudonymKeys: [] };
const MEBIBYTE = 1024 ** 2;

const [mode, directory = ''] = process.argv.slice(2);
const dir = resolve(directory);
const say = (line) => process.stdout.write(`${line}\n`);
const number = (value, digits = 1) => value.toLocaleString('en', { maximumFractionDigits: digits });

const postgres = await EmbeddedPostgres.start({ directory: join(dir, 'postgres') });
try {
  await { load, lists, export: exports }[mode]();
} finally {
  await postgres.stop();
}

function urlOf(size) {
  return Object.assign(new URL(postgres.url), { pathname: `/results_${size}` }).href;
}

async function connected(url, work) {
  const client = new Database({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The product on the database of `size`, with the demo's accounts. */
async function serving(size, work) {
  const dataDir = join(dir, `data_${size}`);
  const server = await startProduct({
    DATABASE_URL: urlOf(size),
    DATA_DIR: dataDir,
    DEMO: 'on',
    PSEUDONYM_KEY: SECRET.toString('base64'),
  });
  try {
    const accounts = JSON.parse(readFileSync(join(dataDir, 'demo-accounts.json'), 'utf8'));
    const clinician = accounts.find(({ username }) => username === 'demo.clinician');
    return await work(server, await new Client(server.url).logIn(clinician));
  } finally {
    await server.stop();
  }
}

async function load() {
  for (const size of SIZES) {
    const started = performance.now();
    await connected(postgres.url, (client) => client.query(`CREATE DATABASE results_${size}`));
    await serving(size, () => undefined);
    const pseudonym = new Pseudonyms(SECRETS).of(RARE.patient);
    await connected(urlOf(size), (client) => loadResults(client, size, pseudonym));
    say(`${number(size)} results: ${number((performance.now() - started) / 1000)} s`);
  }
}

/** What is asked for, by name: query parameters; each filter where many results meet it and where few do. */
async function casesOn(client) {
  const one = async (sql) => (await client.query(sql)).rows[0].id;
  return {
    'first page': {},
    'first page, by cursor': { cursor: '' },
    'page 1,000': { page: 1_000 },
    'model_id (70 %)': { model_id: await one("SELECT id FROM model_versions WHERE version = '1.0.0'") },
    'model_id (0.01 %)': { model_id: await one("SELECT id FROM model_versions WHERE version = '0.1.0'") },
    'status=completed (60 %)': { status: 'completed' },
    'status=failed (2 %)': { status: 'failed' },
    'status=pending (none)': { status: 'pending' },
    'created_by (90 %)': {
      created_by: await one("SELECT id FROM users WHERE username = 'demo.clinician'"),
    },
    'created_by (5 results)': {
      created_by: await one(`SELECT id FROM users WHERE username = '${RARE.account}'`),
    },
    'study_date (a day)': { study_date: '2026-10-30' },
    'study_date_from, _to (30 days)': { study_date_from: '2026-10-01', study_date_to: '2026-10-30' },
    'patient_id (10 results)': { patient_id: RARE.patient },
    'batch_id (20 results)': {
      batch_id: await one(
        'SELECT batch_id AS id FROM inference_results WHERE batch_id IS NOT NULL ORDER BY created_at DESC OFFSET 50 LIMIT 1',
      ),
    },
    'is_valid=true (97 %)': { is_valid: 'true' },
    'is_valid=false (3 %)': { is_valid: 'false' },
    'legal_hold=true (0.1 %)': { legal_hold: 'true' },
    'marked=true (0.1 %)': { marked: 'true' },
    'status=failed, is_valid=false': { status: 'failed', is_valid: 'false' },
    'status=completed, 30 days': {
      status: 'completed',
      study_date_from: '2026-10-01',
      study_date_to: '2026-10-30',
    },
  };
}

async function lists() {
  const cells = {};
  const plans = {};
  for (const size of SIZES) {
    await connected(urlOf(size), async (client) => {
      const cases = await casesOn(client);
      await serving(size, async ({ url }, headers) => {
        const get = async (path) => {
          const response = await fetch(url + path, { headers });
          const body = await response.json();
          if (!response.ok) throw new Error(`${path}: ${response.status} ${body.code}`);
          return body;
        };
        const deep = await get('/results?page=999');
        const paths = Object.entries(cases).map(([name, query]) => [
          name,
          `/results?${new URLSearchParams(query)}`,
        ]);
        paths.push(['cursor page, 1,000 deep', `/results?cursor=${deep.next_cursor}`]);
        paths.push(['detail', `/results/${deep.items[0].inference_id}`]);
        for (const [name, path] of paths) (cells[name] ??= []).push(await latency(() => get(path)));
      });
      if (size !== SIZES.at(-1)) return;
      const principal = { userId: 'x', role: 'clinician' };
      for (const [name, query] of Object.entries(cases))
        plans[name] = await plansOf(client, SECRETS, principal, query);
    });
  }
  say(`\n${machine()}\n`);
  const rows = Object.entries(cells).map(([name, sizes]) => [
    name,
    ...sizes.flatMap((cell, i) => cellOf(cell, sizes[0], i)),
  ]);
  const header = SIZES.flatMap((size, i) => [number(size), ...(i === 0 ? [] : ['ratio'])]);
  say(markdown(['GET /results, ms: median / p99', ...header], rows));
  const lines = Object.entries(plans).map(([name, [first, second]]) => {
    const [count, page] = second === undefined ? [undefined, first] : [first, second];
    return [name, count ? `${number(count.ms)}: ${count.scans}` : '', `${number(page.ms)}: ${page.scans}`];
  });
  say(markdown(['plans at a million', 'count, ms: scans', 'page, ms: scans'], lines));
  const sequential = Object.entries(plans).filter(([, found]) => found.some(isSequential));
  if (sequential.length === 0) return;
  say(`Sequential: ${sequential.map(([name]) => name).join(', ')}`);
  process.exitCode = 1;
}

function cellOf({ median, p99 }, base, index) {
  return [`${number(median)} / ${number(p99)}`, ...(index === 0 ? [] : [number(median / base.median)])];
}

async function latency(work) {
  for (let i = 0; i < 6; i++) await work();
  const times = [];
  const started = performance.now();
  while (times.length < REQUESTS && performance.now() - started < LONGEST_MS) {
    const before = performance.now();
    await work();
    times.push(performance.now() - before);
  }
  times.sort(ascending);
  return { median: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

async function exports() {
  const size = SIZES.at(-1);
  const rows = [];
  await serving(size, async ({ url, pid }, headers) => {
    for (const format of ['ndjson', 'csv']) {
      writeFileSync(`/proc/${pid}/clear_refs`, '5'); // the peak counts from here
      const before = residentMib(pid, 'VmRSS');
      const started = performance.now();
      const response = await fetch(`${url}/results/export?format=${format}`, { headers });
      let bytes = 0;
      for await (const chunk of response.body) bytes += chunk.length;
      const seconds = (performance.now() - started) / 1000;
      rows.push([
        format,
        number(seconds),
        number(size / seconds, 0),
        number(bytes / MEBIBYTE / seconds),
        number(before, 0),
        number(residentMib(pid, 'VmHWM'), 0),
      ]);
    }
  });
  say(`\n${machine()}\n`);
  say(markdown(['export of a million', 's', 'rows/s', 'MiB/s', 'RSS before, MiB', 'peak RSS, MiB'], rows));
}

function residentMib(pid, field) {
  const [, kibibytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  );
  return Number(kibibytes) / 1024;
}
