// What does a batch of 100 images cost over the bare model, and is the server alive meanwhile? See README.md.
//     node bench/batch.mjs [models]      e.g. medium,heavy
import { setTimeout as sleep } from 'node:timers/promises';
import { bareRate } from './bare-rate.mjs';
import { fileOf, manifestOf, modelName, SIDE } from './models/models.mjs';
import { disturbed, inQuiet } from './quiet.mjs';
import { ascending, machine, markdown, percentile } from './report.mjs';
import { startComplete } from './servers.mjs';

const IMAGES = 100;
const ROUNDS = 5;
const WARM_UPS = 3;
const LIMIT_MS = 4_000;
const PROBE_PAUSE_MS = 10;
const QUALITIES = ['off', 'on'];

const models = process.argv[2]?.split(',') ?? ['medium', 'heavy'];
const image = new Blob([Float32Array.from({ length: SIDE * SIDE }, (_, i) => ((i * 7919) % 251) / 251)]);

/** Made beforehand: what it costs the client to put a form together is not the server's. */
async function formOf(id) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ model_id: id, width: SIDE, height: SIDE })) {
    form.append(name, String(value));
  }
  for (let n = 0; n < IMAGES; n++) form.append('file', image, 'image.raw');
  const encoded = new Response(form);
  return { type: encoded.headers.get('Content-Type'), bytes: await encoded.arrayBuffer() };
}

/** Images a second of one batch. */
async function batch(server, { type, bytes }) {
  const headers = { 'Content-Type': type, ...(await server.headers()) };
  const started = performance.now();
  const response = await fetch(`${server.url}/infer/batch`, { method: 'POST', headers, body: bytes });
  const answer = await response.json();
  const milliseconds = performance.now() - started;
  if (answer.successful !== IMAGES) throw new Error(`Not every image: ${response.status} ${answer.detail}`);
  return (IMAGES * 1000) / milliseconds;
}

/** Asks /health/live until `work` is done. @returns the milliseconds of each answer */
async function probing(server, work) {
  const times = [];
  const done = new AbortController();
  const probe = async () => {
    while (!done.signal.aborted) {
      const started = performance.now();
      await (await fetch(`${server.url}/health/live`)).text();
      times.push(performance.now() - started);
      await sleep(PROBE_PAUSE_MS);
    }
  };
  const probes = probe();
  await work().finally(() => done.abort());
  await probes;
  return times;
}

async function measure(server, model) {
  const rates = { limit: [], off: [], on: [] };
  const live = [];
  const forms = {};
  for (const quality of QUALITIES) forms[quality] = await formOf(server.ids[modelName(model, quality)]);
  const run = (quality) => batch(server, forms[quality]);
  for (let i = 0; i < WARM_UPS; i++) for (const quality of QUALITIES) await run(quality);
  for (let round = 0; round < ROUNDS; round++) {
    rates.limit.push(await inQuiet(() => bareRate(model, LIMIT_MS)));
    for (const quality of QUALITIES) {
      await run(quality); // it was idle
      rates[quality].push(await inQuiet(() => run(quality)));
    }
    // on their own, because asking takes time as well
    live.push(...(await inQuiet(() => probing(server, () => run('on')))));
  }
  const [limit, off, on] = ['limit', ...QUALITIES].map((key) => percentile(rates[key].sort(ascending), 0.5));
  live.sort(ascending);
  const probes = [0.5, 0.99, 1].map((share) => percentile(live, share).toFixed(1));
  const ratios = [off / limit, on / limit].map((ratio) => ratio.toFixed(2));
  return [model, ...[limit, off, on].map((rate) => rate.toFixed(0)), ...ratios, ...probes];
}

const HEADER = 'model,limit/s,off/s,on/s,off/limit,on/limit,live p50 ms,live p99 ms,live max ms'.split(',');
const registered = models.flatMap((model) =>
  QUALITIES.map(async (quality) => ({ manifest: await manifestOf(model, quality), file: fileOf(model) })),
);
const server = await startComplete(await Promise.all(registered));
try {
  const rows = [];
  for (const model of models) rows.push(await measure(server, model));
  process.stdout.write(
    `\n${machine()}; medians of ${ROUNDS} batches of ${IMAGES} images\n\n${markdown(HEADER, rows)}`,
  );
  if (disturbed.count > 0) process.stdout.write(`\nOther work ran around ${disturbed.count} measurements.\n`);
} finally {
  await server.stop();
}
