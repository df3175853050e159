// What do decoding, quality checks and the whole way from bytes to tensor cost? See imaging.md.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encode } from 'fast-png';
import { ascending, machine, percentile } from './report.mjs';

const require = createRequire(import.meta.url);
const imaging = (name) => require(`../dist/imaging/${name}.js`);
const { decodeJpeg } = imaging('jpeg/jpeg');
const { decodePng } = imaging('png/png');
const { scanNumbers } = imaging('raw/number-scanner');
const { readRawImage } = imaging('raw/raw-image');
const { resize } = imaging('resize/resize');
const { prepareImage } = imaging('prepare-image');
const { displayedValues } = imaging('channels');
const { countLevels, measureLevels } = imaging('quality/level-measures');
const { findForeground, innerRuns } = imaging('quality/foreground');
const { measureDetails, measureNoise } = imaging('quality/detail-measures');
const { assessQuality } = imaging('quality/quality');

const SIDE = 512;
const MEGAPIXELS = SIDE ** 2 / 1e6;
const WARM_UPS = 30;
const RUNS = 41;
const QUALITY = { policy: 'warn', thresholds: {} };

const jpeg = (name) => readFileSync(new URL(`pictures/${name}.jpg`, import.meta.url));
const png = (channels, depth, { data }) => {
  const top = 2 ** depth - 1;
  // the lowest bits of a 16-bit sensor are noise
  const noise = depth === 16 ? (i) => (Math.imul(i, 0x9e3779b1) >>> 25) - 64 : () => 0;
  const samples = new (depth === 16 ? Uint16Array : Uint8Array)(data.length);
  for (let i = 0; i < data.length; i++)
    samples[i] = Math.min(top, Math.max(0, Math.round(data[i] * top) + noise(i)));
  return Buffer.from(encode({ width: SIDE, height: SIDE, channels, depth, data: samples }));
};

const grey = decodeJpeg(jpeg('grey')).image;
const colour = decodeJpeg(jpeg('colour')).image;
const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const size = { width: SIDE, height: SIDE };
const file = (name, channels, bytes, decode) => ({
  name: `${name}, ${Math.round(bytes.length / 1024)} KiB`,
  channels,
  source: { form: 'file', bytes },
  decode: () => decode(bytes),
});
const raw = (name, form, bytes) => {
  const source = { form, bytes, ...size };
  return { name, channels: 1, source, decode: () => readRawImage(source, 1) };
};
const FORMS = [
  raw('float32 grey', 'float32', bytesOf(grey)),
  raw('JSON numbers grey', 'numbers', Buffer.from(JSON.stringify([...grey.data].map((v) => +v.toFixed(4))))),
  file('PNG grey 8', 1, png(1, 8, grey), decodePng),
  file('PNG grey 16', 1, png(1, 16, grey), decodePng),
  file('PNG RGB 8', 3, png(3, 8, colour), decodePng),
  file('JPEG grey', 1, jpeg('grey'), decodeJpeg),
  file('JPEG RGB 4:2:0', 3, jpeg('colour'), decodeJpeg),
  file('JPEG RGB 4:2:0 progressive', 3, jpeg('progressive'), decodeJpeg),
];

/** Milliseconds: the median and, where other work may come in between, the least. */
async function times(work) {
  for (let i = 0; i < WARM_UPS; i++) await work();
  const all = [];
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    await work();
    all.push(performance.now() - started);
  }
  all.sort(ascending);
  return { median: percentile(all, 0.5), least: all[0] };
}

const time = async (work) => (await times(work)).median;

/** Megabytes that a run leaves for the garbage collector. */
function allocated(work) {
  const held = () => process.memoryUsage().arrayBuffers / 1e6;
  const deltas = Array.from({ length: 9 }, () => {
    const before = held();
    work();
    return held() - before;
  });
  return Math.max(...deltas);
}

const memcpy = async ({ data }) => time(() => new Float32Array(data));
const copies = { 1: await memcpy(grey), 3: await memcpy(colour) };
const rows = (table) => table.map((row) => `| ${row.join(' | ')} |\n`).join('');
const head = (...names) => [names, names.map((_, i) => (i === 0 ? '---' : '---:'))];

const decoding = head('decode', 'ms a megapixel', 'MB a megapixel', 'times memcpy');
for (const { name, channels, decode } of FORMS) {
  const ms = await time(decode);
  decoding.push([
    name,
    (ms / MEGAPIXELS).toFixed(1),
    (allocated(decode) / MEGAPIXELS).toFixed(1),
    (ms / copies[channels]).toFixed(0),
  ]);
}

const numbers = head('JSON numbers', 'KiB', 'ms', 'JSON.parse ms', 'ratio');
for (const [name, write] of [
  ['4 decimals', (value) => Number(value.toFixed(4))],
  ['6 decimals', (value, i) => Number((0.9 * value + (i % 997) * 1e-4).toFixed(6))],
  ['float64', (value, i) => 0.9 * value + 0.01 * Math.sin(i) ** 2],
]) {
  const bytes = Buffer.from(JSON.stringify(Array.from(grey.data, write)));
  const ms = await time(() => scanNumbers(bytes, SIDE ** 2));
  const parse = await time(() => JSON.parse(bytes.toString()));
  numbers.push([
    name,
    Math.round(bytes.length / 1024),
    ms.toFixed(1),
    parse.toFixed(1),
    (ms / parse).toFixed(2),
  ]);
}

const displayed = { ...size, data: displayedValues(grey) };
const dark = measureLevels(countLevels(displayed)).dark / 255;
const runs = innerRuns(displayed, findForeground(displayed, dark).border);
const without = (...names) => ({
  policy: 'warn',
  thresholds: Object.fromEntries(names.map((name) => [name, null])),
});
const quality = head('quality, grey', 'ms a megapixel', 'MB a megapixel', 'times memcpy');
for (const [name, work] of [
  ['luma of RGB, where it is RGB', () => displayedValues(colour)],
  ['brightness, clipping, contrast, entropy', () => measureLevels(countLevels(displayed))],
  ['foreground', () => innerRuns(displayed, findForeground(displayed, dark).border)],
  ['noise alone', () => measureNoise(displayed, runs)],
  ['noise, sharpness, movement', () => measureDetails(displayed, runs)],
  ['all of it', () => assessQuality(grey, QUALITY)],
  [
    'all but sharpness and movement',
    () => assessQuality(grey, without('sharpness_nvol', 'motion_anisotropy')),
  ],
  ['levels alone', () => assessQuality(grey, without('sharpness_nvol', 'motion_anisotropy', 'noise_sigma'))],
]) {
  const ms = await time(work);
  quality.push([
    name,
    (ms / MEGAPIXELS).toFixed(2),
    (allocated(work) / MEGAPIXELS).toFixed(1),
    (ms / copies[1]).toFixed(1),
  ]);
}

const to = { width: 128, height: 128, kernel: 'bilinear', antialias: true };
const inputOf = (channels) => ({
  name: 'image',
  layout: 'NCHW',
  value_space: 'unit',
  resize: to,
  channels,
  mean: [0],
  std: [1],
  range: [0, 1],
});
const bare = { 1: await time(() => resize(grey, to)), 3: await time(() => resize(colour, to)) };
const pipeline = head('bytes to tensor, 512 x 512 to 128 x 128', 'ms', 'least ms', 'bare resize ms', 'ratio');
for (const { name, channels, source } of FORMS) {
  const { median: ms, least } = await times(() => prepareImage(source, inputOf(channels), QUALITY));
  pipeline.push([
    name,
    ms.toFixed(1),
    least.toFixed(1),
    bare[channels].toFixed(1),
    (ms / bare[channels]).toFixed(0),
  ]);
}

process.stdout.write(
  `${machine()}; medians of ${RUNS} runs in one process\n\n${[decoding, numbers, quality, pipeline].map(rows).join('\n')}`,
);
