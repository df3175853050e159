// What becomes of more requests than the machine can answer? See ../README.md.
//     node bench/load/load.mjs              rates from a quarter of what it can to twice as much; draws load.svg
//     node bench/load/load.mjs soak [minutes] [saturation]   ten minutes of twice as much; draws memory.svg
import autocannon from 'autocannon';
import { encode } from 'fast-png';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fileOf, manifestOf, modelName, SIDE } from '../models/models.mjs';
import { machine, markdown } from '../report.mjs';
import { startComplete } from '../servers.mjs';
import { loadCurve, memorySeries } from './pictures.mjs';
import { offer } from './offer.mjs';

const MODEL = 'medium';
const SHARES = [0.25, 0.5, 0.75, 0.9, 1, 1.25, 1.5, 2];
const STEP_SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
const WARM_UP_SECONDS = Number(process.env.BENCH_WARM_UP_SECONDS ?? 20);
const SATURATION_SECONDS = 8;
const CLIENTS = 32;
const SETTLED_MS = 120_000;

const grey = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return 40 + (x * 120) / SIDE + 60 * Math.exp(-((x - 90) ** 2 + (y - 120) ** 2) / 900) + ((i * 7919) % 13);
});
const body = Buffer.from(encode({ width: SIDE, height: SIDE, data: grey, channels: 1 }));
const toPicture = (name) => fileURLToPath(new URL(`../pictures/${name}.svg`, import.meta.url));

/** Answers a second when each client sends its next request with the answer to the last. */
async function saturation({ url, headers }, seconds) {
  const run = { url, method: 'POST', headers, body, connections: CLIENTS, duration: seconds, timeout: 30 };
  const { '2xx': answered, non2xx, errors, duration } = await autocannon(run);
  if (non2xx + errors > 0) throw new Error(`${non2xx} refusals and ${errors} errors of ${CLIENTS} clients`);
  return answered / duration;
}

const COLUMNS = ['× saturation', 'offered/s', 'accepted/s', '503 %'].concat(
  ['accepted p50 ms', 'accepted p99 ms', '503 p99 ms', 'live p99 ms', 'logout p99 ms'],
  ['server MiB', 'engine MiB'],
);
const milliseconds = (value) => value?.toFixed(value < 100 ? 1 : 0) ?? '';
const rowOf = ({ share, rate, accepted, shed, live, logout, memory }) => [
  share.toFixed(2),
  rate.toFixed(0),
  accepted.rate.toFixed(0),
  (100 * shed.share).toFixed(1),
  ...[accepted.p50, accepted.p99, shed.p99, live.p99, logout.p99].map(milliseconds),
  memory.server.toFixed(0),
  memory.engine.toFixed(0),
];

async function sweep(server, target, most) {
  const steps = [];
  for (const share of SHARES) {
    const step = await offer(server, target, { rate: share * most, seconds: STEP_SECONDS, logouts: 5 });
    steps.push({ share, ...step });
    process.stderr.write(`${rowOf(steps.at(-1)).join(' ')}\n`);
  }
  await writeFile(toPicture('load'), loadCurve(steps, most));
  return markdown(COLUMNS, steps.map(rowOf));
}

async function soak(server, target, most, minutes) {
  const seconds = 60 * minutes;
  const step = await offer(server, target, { rate: 2 * most, seconds, logouts: 0.5 });
  await writeFile(toPicture('memory'), memorySeries(step.series));
  const table = markdown(COLUMNS, [rowOf({ share: 2, ...step })]);
  const slopes = ['server', 'engine'].map((part) => `${part} ${slope(step.series, part).toFixed(2)}`);
  return `${table}\nMiB a minute after the first two minutes: ${slopes.join(', ')}\n`;
}

/** MiB a minute, by least squares, from when the heap has found its size. */
function slope(series, part) {
  const from = series[0].at + SETTLED_MS;
  const points = series.filter(({ at }) => at >= from).map((each) => [(each.at - from) / 60_000, each[part]]);
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

const [mode, minutes, known] = process.argv.slice(2);
const registered = { manifest: await manifestOf(MODEL, 'on'), file: fileOf(MODEL) };
const server = await startComplete([registered], { ACCESS_TOKEN_SECONDS: '3600' });
try {
  const target = {
    url: `${server.url}/infer?model_id=${server.ids[modelName(MODEL, 'on')]}`,
    headers: { 'Content-Type': 'image/png', ...(await server.headers()) },
    body,
  };
  await saturation(target, WARM_UP_SECONDS);
  const most = known === undefined ? await saturation(target, SATURATION_SECONDS) : Number(known);
  process.stderr.write(`${most.toFixed(0)} answers a second to ${CLIENTS} clients\n`);
  const report =
    mode === 'soak'
      ? await soak(server, target, most, Number(minutes ?? 10))
      : await sweep(server, target, most);
  process.stdout.write(`${machine()}; saturation: ${most.toFixed(0)} a second\n\n${report}`);
} finally {
  await server.stop();
}
