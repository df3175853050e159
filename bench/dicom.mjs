// Time and memory of decoding one DICOM frame, against a copy of the same pixels:
//   python test/fixtures/dicom/make.py FOLDER 16 && npm run build && node bench/dicom.mjs FOLDER
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decodeDicom } from '../dist/imaging/dicom/dicom.js';
import { ascending, machine, percentile } from './report.mjs';

const RUNS = 9;
const MEASURED = /-(u8|u12|u16|rgb8)(-422)?$/;

const [folder, only] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

if (only === undefined) table();
else process.stdout.write(JSON.stringify(await measure(only, expected[only])));

/** Each file in a process of its own, so that the peak of its memory is its own. */
function table() {
  process.stdout.write(`${machine()}; medians of ${RUNS}\n\n`);
  row('file', 'largest difference', 'ms a megapixel', 'times a copy', 'MB a megapixel');
  row('---', '---:', '---:', '---:', '---:');
  for (const name of Object.keys(expected).filter((each) => MEASURED.test(each))) {
    const program = fileURLToPath(import.meta.url);
    const one = JSON.parse(execFileSync(process.execPath, [program, folder, name], { encoding: 'utf8' }));
    row(name, one.difference, one.ms.toFixed(1), one.copies.toFixed(0), one.mb.toFixed(0));
  }
}

function row(...cells) {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

async function measure(name, about) {
  const file = readFileSync(join(folder, `${name}.dcm`));
  const megapixels = (about.rows * about.columns) / 1e6;
  const before = process.resourceUsage().maxRSS;
  const { image, dicom } = await decodeDicom(file, { value_space: 'stored' });
  const mb = ((process.resourceUsage().maxRSS - before) * 1024) / 1e6 / megapixels;
  const difference = differenceFrom(name, about, image.data);
  const ms = await median(() => decodeDicom(file, { value_space: 'voi' }));
  const pixels = new Uint8Array(image.data.length * (dicom.bits_stored > 8 ? 2 : 1)).fill(1);
  const copy = await median(() => pixels.slice());
  return { difference, ms: ms / megapixels, copies: ms / copy, mb };
}

async function median(work) {
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return percentile(times.sort(ascending), 0.5);
}

function differenceFrom(name, about, data) {
  if (about.decoder === undefined) {
    return createHash('sha256').update(Int32Array.from(data)).digest('hex') === about.sha256 ? 0 : NaN;
  }
  const bytes = gunzipSync(readFileSync(join(folder, `${name}.values.gz`)));
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return data.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
}
