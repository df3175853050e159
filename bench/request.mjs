// What does a whole request cost over the bare model? See README.md.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import autocannon from 'autocannon';
import { disturbed, inQuiet } from './quiet.mjs';
import { ascending, machine, medians, percentile, table } from './report.mjs';
import { startBare, startComplete } from './servers.mjs';

const ROUNDS = 3;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const WARM_UP_SECONDS = 2;
const CLIENTS = [1, 16];

const { decodePng } = createRequire(import.meta.url)('../dist/imaging/png.js');

/** The same picture twice. */
async function readBodies() {
  const png = await readFile(new URL('../tools/demo-model/sample-bright-spot.png', import.meta.url));
  const { width, height, data } = decodePng(png);
  const float32 = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [
    { name: `PNG ${kib(png)}`, path: '/infer', type: 'image/png', bytes: png },
    {
      name: `float32 ${kib(float32)}`,
      path: `/infer?width=${width}&height=${height}`,
      type: 'application/octet-stream',
      bytes: float32,
    },
  ];
}

const kib = (bytes) => `${Math.round(bytes.length / 1024)} KiB`;

/** Closed loop: each client sends its next request when it has the answer to the last. */
async function measure(server, { path, type, bytes }, clients, seconds) {
  const headers = { 'Content-Type': type, ...(await server.headers()) };
  const latencies = [];
  const unwanted = new Map();
  const started = performance.now();
  const run = autocannon({
    url: server.url + path,
    method: 'POST',
    headers,
    body: bytes,
    connections: clients,
    duration: seconds,
    timeout: 30,
  });
  let last = started;
  run.on('response', (_client, status, _bytes, ms) => {
    last = performance.now();
    latencies.push(ms);
    if (status < 200 || status > 299) unwanted.set(status, (unwanted.get(status) ?? 0) + 1);
  });
  const { errors, timeouts } = await run;
  if (interrupted) await new Promise(() => undefined); // a server that stops refuses requests: that is no finding
  if (unwanted.size > 0 || errors > 0 || timeouts > 0 || latencies.length === 0) {
    const statuses = JSON.stringify([...unwanted]);
    throw new Error(
      `Not every answer was 2xx: ${statuses}, ${errors} errors, ${timeouts} timeouts, of ${latencies.length}`,
    );
  }
  latencies.sort(ascending);
  return {
    rate: (latencies.length * 1000) / (last - started),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** The servers take turns, and in turn who goes first, so that a drift of the machine meets both. */
async function compare(servers, body, clients) {
  const rounds = { bare: [], complete: [] };
  for (const server of Object.values(servers)) await measure(server, body, clients, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? ['bare', 'complete'] : ['complete', 'bare'];
    for (const name of order) {
      rounds[name].push(await inQuiet(() => measure(servers[name], body, clients, SECONDS)));
    }
  }
  const rates = (name) => rounds[name].map(({ rate }) => rate.toFixed(0)).join(' ');
  process.stderr.write(
    `${body.name}, ${clients} clients, req/s: bare ${rates('bare')}; ours ${rates('complete')}\n`,
  );
  return {
    body: body.name,
    clients,
    bare: medians(rounds.bare),
    complete: medians(rounds.complete),
  };
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
  servers.bare = await startBare();
  servers.complete = await startComplete();
  const cells = [];
  for (const body of await readBodies()) {
    for (const clients of CLIENTS) {
      cells.push(await compare(servers, body, clients));
      process.stderr.write(table(cells.slice(-1)).split('\n').slice(2).join('\n'));
    }
  }
  process.stdout.write(`\n${machine()}; medians of ${ROUNDS} rounds of ${SECONDS} s\n\n${table(cells)}`);
  if (disturbed.count > 0) {
    process.stdout.write(`\nThe machine was busy with other work around ${disturbed.count} measurements.\n`);
  }
} finally {
  await stopServers();
}
