// What does a whole request cost over the bare model? See README.md.
//     node bench/engine.mjs [models] [bodies] [clients]      e.g. medium,heavy float32 8,32
import autocannon from 'autocannon';
import { encode } from 'fast-png';
import { bareRate } from './bare-rate.mjs';
import { cpuTime } from './cpu-time.mjs';
import { fileOf, manifestOf, modelName, MODELS, SIDE } from './models/models.mjs';
import { disturbed, inQuiet } from './quiet.mjs';
import { ascending, machine, markdown, medians, percentile } from './report.mjs';
import { startBare, startComplete } from './servers.mjs';

const ROUNDS = 3;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
/** A server's first thousands of requests are slow: V8 compiles what is used often only then. */
const FIRST_WARM_UP_SECONDS = Number(process.env.BENCH_WARM_UP_SECONDS ?? 30);
/** A server that was idle while another one was measured has let go of memory and caches. */
const RUN_IN_SECONDS = 2;

const chosen = (argument, all) => argument?.split(',') ?? all;
const models = chosen(process.argv[2], MODELS);
const bodies = chosen(process.argv[3], ['float32', 'png', 'json']);
const clientCounts = chosen(process.argv[4], [1, 8, 32]).map(Number);

const grey = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return 40 + (x * 120) / SIDE + 60 * Math.exp(-((x - 90) ** 2 + (y - 120) ** 2) / 900) + ((i * 7919) % 13);
});
const unit = Float32Array.from(grey, (level) => level / 255);
const float32 = Buffer.from(unit.buffer);
const png = Buffer.from(encode({ width: SIDE, height: SIDE, data: grey, channels: 1 }));
const SIZE = `width=${SIDE}&height=${SIDE}`;

/** Each form carries the model's id where its fields stand. */
const BODIES = {
  float32: (id) => ({ type: 'application/octet-stream', bytes: float32, query: `model_id=${id}&${SIZE}` }),
  png: (id) => ({ type: 'image/png', bytes: png, query: `model_id=${id}` }),
  json: (id) => ({
    type: 'application/json',
    bytes: Buffer.from(JSON.stringify({ model_id: id, data: [...unit] })),
    query: '',
  }),
};

/** Closed loop: each client sends its next request when it has the answer to the last. */
async function measure({ server, path, model }, body, clients, seconds) {
  const { type, bytes, query } = BODIES[body](model);
  const headers = { 'Content-Type': type, ...(await server.headers()) };
  const send = (duration) =>
    autocannon({
      url: `${server.url}${path}?${query}`,
      method: 'POST',
      headers,
      body: bytes,
      connections: clients,
      duration,
      timeout: 30,
    });
  await send(RUN_IN_SECONDS);
  const latencies = [];
  const unwanted = new Map();
  const cpuBefore = cpuTime(server.pid);
  const started = performance.now();
  const run = send(seconds);
  let last = started;
  run.on('response', (_client, status, _bytes, ms) => {
    last = performance.now();
    latencies.push(ms);
    if (status < 200 || status > 299) unwanted.set(status, (unwanted.get(status) ?? 0) + 1);
  });
  const { errors, timeouts } = await run;
  const cpuAfter = cpuTime(server.pid);
  if (interrupted) await new Promise(() => undefined); // a server that stops refuses requests: that is no finding
  if (unwanted.size > 0 || errors > 0 || timeouts > 0 || latencies.length === 0) {
    const statuses = JSON.stringify([...unwanted]);
    throw new Error(
      `Not every answer was 2xx: ${statuses}, ${errors} errors, ${timeouts} timeouts, of ${latencies.length}`,
    );
  }
  latencies.sort(ascending);
  const perRequest = (part) => (cpuAfter[part] - cpuBefore[part]) / latencies.length;
  return {
    rate: (latencies.length * 1000) / (last - started),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    server: perRequest('server'),
    engine: perRequest('engine'),
    postgres: perRequest('postgres'),
  };
}

/** The contestants take turns, and in turn who goes first, so that a drift of the machine meets all. */
async function compare(contestants, body, clients) {
  const names = Object.keys(contestants);
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      rounds[name].push(await inQuiet(() => measure(contestants[name], body, clients, SECONDS)));
    }
  }
  return Object.fromEntries(names.map((name) => [name, medians(rounds[name])]));
}

function contestantsFor(model, { bare, complete }) {
  const ours = (quality) => ({
    server: complete,
    path: '/infer',
    model: complete.ids[modelName(model, quality)],
  });
  return { bare: { server: bare, path: `/${model}`, model }, off: ours('off'), on: ours('on') };
}

const RATES = [
  'model, body, clients',
  'limit/s',
  'bare/s',
  'off/s',
  'on/s',
  'off/bare',
  'on/bare',
  'off/limit',
];
const TIMES = ['bare p50', 'off p50', 'on p50', 'bare p99', 'off p99', 'on p99'];
const COSTS = ['bare server', 'off server', 'bare engine', 'off engine', 'on engine', 'off postgres'];

function rowOf({ model, body, clients, limit, bare, off, on }) {
  const rates = [limit, bare.rate, off.rate, on.rate].map((rate) => rate.toFixed(0));
  const ratios = [off.rate / bare.rate, on.rate / bare.rate, off.rate / limit].map((ratio) =>
    ratio.toFixed(2),
  );
  const times = [bare.p50, off.p50, on.p50, bare.p99, off.p99, on.p99].map((ms) => ms.toFixed(1));
  const cpu = [bare.server, off.server, bare.engine, off.engine, on.engine, off.postgres];
  const name = `${model}, ${body}, ${clients}`;
  return {
    rates: [name, ...rates, ...ratios],
    times: [name, ...times],
    costs: [name, ...cpu.map((ms) => ms.toFixed(2))],
  };
}

function report(cells) {
  const rows = cells.map(rowOf);
  const of = (key) => rows.map((row) => row[key]);
  return [
    'Requests a second',
    markdown(RATES, of('rates')),
    'Milliseconds from request to answer',
    markdown([RATES[0], ...TIMES], of('times')),
    'Milliseconds of CPU a request',
    markdown([RATES[0], ...COSTS], of('costs')),
  ].join('\n\n');
}

let interrupted = false;
const servers = {};
const stopServers = () => Promise.all(Object.values(servers).map(({ stop }) => stop()));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    interrupted = true;
    void stopServers().finally(() => process.exit(130));
  });
}
try {
  const registered = models.flatMap((name) =>
    ['off', 'on'].map(async (quality) => ({ manifest: await manifestOf(name, quality), file: fileOf(name) })),
  );
  servers.bare = await startBare();
  servers.complete = await startComplete(await Promise.all(registered));
  for (const each of Object.values(contestantsFor(models[0], servers))) {
    await measure(each, bodies[0], 8, FIRST_WARM_UP_SECONDS);
  }
  const cells = [];
  for (const model of models) {
    const limit = await inQuiet(() => bareRate(model, SECONDS * 1000));
    for (const body of bodies) {
      for (const clients of clientCounts) {
        const figures = await compare(contestantsFor(model, servers), body, clients);
        cells.push({ model, body, clients, limit, ...figures });
        process.stderr.write(`${JSON.stringify(rowOf(cells.at(-1)))}\n`);
      }
    }
  }
  process.stdout.write(`\n${machine()}; medians of ${ROUNDS} rounds of ${SECONDS} s\n\n${report(cells)}`);
  if (disturbed.count > 0) {
    process.stdout.write(`\nThe machine was busy with other work around ${disturbed.count} measurements.\n`);
  }
} finally {
  await stopServers();
}
