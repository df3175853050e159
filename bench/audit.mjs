// What the audit trail costs: business row and entry in one transaction, entry by entry in three ways. See audit.md.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const product = createRequire(import.meta.url);
const { EmbeddedPostgres } = product('../dist/database/embedded/embedded-postgres.js');
const { separateRoles } = product('../dist/database/database-roles.js');
const { dataSourceOptions } = product('../dist/database/data-source-options.js');
const { applyMigrations } = product('../dist/database/migrator.js');
const { DataSource } = product('typeorm');
const { Logger } = product('@nestjs/common');
Logger.overrideLogger(false);

const SEQUENCER = fileURLToPath(new URL('../test/fixtures/sequencer.js', import.meta.url));
/** `node bench/audit.mjs drain` measures the sequencer alone, `node bench/audit.mjs 16 32` these numbers of clients. */
const ASKED = process.argv.slice(2);
const CLIENTS = ASKED.length > 0 ? ASKED.map(Number).filter(Number.isInteger) : [1, 8, 16, 32];
const ROUNDS = 3;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 1.5);
const DRAIN = 60_000;

const COLUMNS = 'event_id, occurred_at, actor_id, action, object_type, object_id, outcome';
const say = (line) => process.stdout.write(`${line}\n`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function entry() {
  const event_id = randomUUID();
  const fields = {
    action: 'inference.completed',
    actor_id: '01900000-0000-7000-8000-000000000001',
    actor_role: 'clinician',
    details: { http_status: 200, image_hash: 'a'.repeat(64), model_id: randomUUID(), route: 'POST /infer' },
    event_id,
    ip: '192.0.2.7',
    object_id: randomUUID(),
    object_type: 'inference_result',
    occurred_at: new Date().toISOString(),
    outcome: 'success',
    reason: null,
    request_id: randomUUID(),
    user_agent: 'curl/8.5.0',
  };
  return { event_id, fields, canonical: JSON.stringify(fields) };
}

const columnsOf = ({ fields }) => COLUMNS.split(', ').map((name) => fields[name]);

/** Each takes a client in an open transaction. */
const WAYS = {
  async plain(client, e) {
    await client.query({
      name: 'plain',
      text: `INSERT INTO bench_plain (canonical, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [e.canonical, ...columnsOf(e)],
    });
  },
  async ours(client, e) {
    await client.query({
      name: 'ours',
      text: 'INSERT INTO audit_inbox (event_id, canonical) VALUES ($1, $2)',
      values: [e.event_id, e.canonical],
    });
  },
  async locked(client, e) {
    await client.query({ name: 'lock', text: 'SELECT pg_advisory_xact_lock(4711)' });
    const { rows } = await client.query({
      name: 'head',
      text: 'SELECT seq, entry_hash FROM bench_locked ORDER BY seq DESC LIMIT 1',
    });
    const previous = rows[0]?.entry_hash ?? Buffer.alloc(32);
    const hash = createHash('sha256').update(previous).update(e.canonical).digest();
    await client.query({
      name: 'locked',
      text: `INSERT INTO bench_locked (seq, entry_hash, previous_hash, canonical, ${COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      values: [String(BigInt(rows[0]?.seq ?? 0) + 1n), hash, previous, e.canonical, ...columnsOf(e)],
    });
  },
};

async function prepare(url) {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`
    CREATE TABLE bench_business (id uuid PRIMARY KEY, payload text NOT NULL);
    CREATE TABLE bench_plain (LIKE audit_logs INCLUDING INDEXES);
    ALTER TABLE bench_plain ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY,
      ALTER COLUMN entry_hash DROP NOT NULL, ALTER COLUMN previous_hash DROP NOT NULL, ALTER COLUMN sequenced_at SET DEFAULT now();
    CREATE TABLE bench_locked (LIKE audit_logs INCLUDING INDEXES INCLUDING DEFAULTS);`);
  return client;
}

async function connect(url, count) {
  const clients = Array.from({ length: count }, () => new Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

/** Closed loop. @returns transactions a second */
async function load(clients, way, seconds) {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const payload = 'x'.repeat(200);
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        const e = entry();
        await client.query('BEGIN');
        await client.query({
          name: 'business',
          text: 'INSERT INTO bench_business (id, payload) VALUES ($1, $2)',
          values: [e.event_id, payload],
        });
        await WAYS[way](client, e);
        await client.query('COMMIT');
        done++;
      }
    }),
  );
  return done / seconds;
}

/** From COMMIT answered to seen in the chain, one entry at a time, until `over`. @returns milliseconds */
async function probe(client, over) {
  const lags = [];
  while (!over.yes) {
    const e = entry();
    await WAYS.ours(client, e);
    const committed = performance.now();
    for (;;) {
      const { rowCount } = await client.query({
        name: 'probe',
        text: 'SELECT FROM audit_logs WHERE event_id = $1',
        values: [e.event_id],
      });
      if (rowCount > 0) break;
      await sleep(5);
    }
    lags.push(performance.now() - committed);
    await sleep(100);
  }
  return lags;
}

async function sequencers(url, count) {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [SEQUENCER, url], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const exits = children.map((child) => once(child, 'exit'));
  await Promise.race(children.map((child) => once(child.stdout, 'data')));
  await sleep(300);
  return async () => {
    for (const child of children) child.kill('SIGTERM');
    await sleep(100);
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(exits);
  };
}

async function emptied(admin) {
  while ((await admin.query('SELECT FROM audit_inbox LIMIT 1')).rowCount > 0) await sleep(10);
}

async function measure(urls, admin, clients, way, replicas) {
  const stop = replicas > 0 ? await sequencers(urls.sequencer, replicas) : async () => {};
  await load(clients, way, 0.3);
  const over = { yes: false };
  const [prober] = await connect(urls.migration, 1);
  const probing = replicas > 0 ? probe(prober, over) : Promise.resolve([]);
  const rate = await load(clients, way, SECONDS);
  over.yes = true;
  const lags = await probing;
  await prober.end();
  await emptied(admin);
  await stop();
  return { rate, lags };
}

/** A full inbox and one sequencer that has it to itself. @returns entries a second */
async function drain(urls, admin) {
  const { canonical, event_id } = entry();
  await admin.query(
    `INSERT INTO audit_inbox (event_id, canonical)
     SELECT id, replace($1, $2, id::text) FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${DRAIN})) AS ids`,
    [canonical, event_id],
  );
  const stop = await sequencers(urls.sequencer, 1);
  const seq = async () =>
    Number((await admin.query('SELECT coalesce(max(seq), 0) AS seq FROM audit_logs')).rows[0].seq);
  const [from, started] = [await seq(), performance.now()];
  await emptied(admin);
  const rate = ((await seq()) - from) / ((performance.now() - started) / 1000);
  await stop();
  return rate;
}

const HEADINGS = `\
| clients | plain tx/s | ours, 1 replica | ours, 3 replicas | locked chain | ours / plain | ours / locked | chained after ms p50 | p99 |
| ------: | ---------: | --------------: | ---------------: | -----------: | -----------: | ------------: | -------------------: | --: |`;

const VARIANTS = [
  ['plain', 0],
  ['ours', 1],
  ['ours', 3],
  ['locked', 0],
];

const directory = mkdtempSync(join(tmpdir(), 'medai-bench-'));
const postgres = await EmbeddedPostgres.start({
  directory: join(directory, 'postgres'),
  settings: { max_connections: '200' },
});
try {
  const urls = await separateRoles(postgres.url);
  const settings = { ssl: 'off', poolSize: 2, poolTimeoutSeconds: 5, poolRecycleSeconds: 3600 };
  const dataSource = await new DataSource(dataSourceOptions(settings, urls.migration, [])).initialize();
  await applyMigrations(dataSource);
  await dataSource.destroy();
  const admin = await prepare(urls.migration);

  if (CLIENTS.length > 0) say(HEADINGS);
  for (const count of CLIENTS) {
    const clients = await connect(urls.migration, count);
    const rates = VARIANTS.map(() => []);
    const lags = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, [way, replicas]] of VARIANTS.entries()) {
        const result = await measure(urls, admin, clients, way, replicas);
        rates[index].push(result.rate);
        lags.push(...result.lags);
      }
    }
    for (const client of clients) await client.end();
    const [plain, one, three, locked] = rates.map(median);
    lags.sort((a, b) => a - b);
    const cells = [
      count,
      ...[plain, one, three, locked].map((rate) => Math.round(rate)),
      `${(one / plain).toFixed(2)}, ${(three / plain).toFixed(2)}`,
      `${(one / locked).toFixed(2)}, ${(three / locked).toFixed(2)}`,
      ...[0.5, 0.99].map((share) => Math.round(lags[Math.floor(lags.length * share)])),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
  const rates = [];
  const drains = ASKED.length === 0 || ASKED.includes('drain') ? ROUNDS : 0;
  for (let round = 0; round < drains; round++) rates.push(await drain(urls, admin));
  if (drains > 0) say(`\nsequencer alone: ${rates.map(Math.round).join(', ')} entries/s`);
  await admin.end();
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
