// What a large upload costs the server's memory, and whether 200 versions that come and go leave anything behind.
// node bench/model-registry.mjs [cycles]   (after npm run build; Linux, since it reads /proc)
import { createWriteStream } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { openAsBlob } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.mjs';
import { startComplete } from './servers.mjs';

const print = (line) => process.stdout.write(`${line}\n`);
const MEBIBYTE = 1024 ** 2;
const LARGE_BYTES = 500 * MEBIBYTE;
/** Versions nobody uses are let go of after a minute, at the next look five seconds later at most. */
const IDLE_MS = 75_000;
const cycles = Number(process.argv[2] ?? 200);

const varint = (value) => {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const integer = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const header = (field, length) => Buffer.concat([varint(field * 8 + 2), varint(length)]);
const message = (field, ...parts) => {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([header(field, content.length), content]);
};
const node = (operator, input, output) =>
  message(1, message(1, input), message(2, output), message(4, operator));
const value = (field, name, dims) => {
  const shape = dims.map((dim) => message(1, typeof dim === 'string' ? message(2, dim) : integer(1, dim)));
  return message(field, message(1, name), message(2, message(1, integer(1, 1), message(2, ...shape))));
};

/** The mean of an image, and as many bytes of weights as asked for. */
async function writeModel(path, bytes, seed) {
  const elements = Math.floor(bytes / 4);
  const graph = Buffer.concat([
    node('GlobalAveragePool', 'image', 'pooled'),
    node('Flatten', 'pooled', 'scores'),
    value(11, 'image', ['batch', 1, 64, 64]),
    value(12, 'scores', ['batch', 1]),
  ]);
  const tensor = Buffer.concat([
    integer(1, elements),
    integer(2, 1),
    message(8, `weights${seed}`),
    header(9, elements * 4),
  ]);
  const initializer = Buffer.concat([header(5, tensor.length + elements * 4), tensor]);
  const opset = message(8, message(1, ''), integer(2, 13));
  const file = createWriteStream(path);
  file.write(
    Buffer.concat([
      integer(1, 8),
      opset,
      header(7, graph.length + initializer.length + elements * 4),
      graph,
      initializer,
    ]),
  );
  const block = Buffer.alloc(MEBIBYTE);
  for (let left = elements * 4; left > 0; left -= block.length) {
    if (!file.write(block.subarray(0, Math.min(left, block.length)))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

const manifest = (version) => ({
  model_name: 'registry-bench',
  version,
  clinical_domain: 'bench',
  golden: [
    {
      input: { data: Array(64 * 64).fill(0.5), width: 64, height: 64 },
      output: { scores: [[0.5]] },
      tolerance: 1e-5,
    },
  ],
});

async function memory(pid, field) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 1024;
}

async function engines(pid) {
  const found = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const [stat, command] = await Promise.all(
      ['stat', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    );
    if (stat.split(') ')[1]?.split(' ')[1] === String(pid) && command.includes('engine.process'))
      found.push(name);
  }
  return found;
}

async function engineMemory(pid) {
  const sizes = await Promise.all((await engines(pid)).map((id) => memory(id, 'VmRSS')));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const server = await startComplete([]);
const client = new Client(server.url);
const tokens = new Map();
const TOKEN_USED_MS = 300_000;
const account = (role) => ({ username: `bench.${role}`, password: `chosen by bench ${role}` });
/** A token lives for ten minutes. */
async function headersOf(role) {
  const known = tokens.get(role);
  if (known !== undefined && performance.now() - known.at < TOKEN_USED_MS) return known.headers;
  const headers = await client.logIn(account(role));
  tokens.set(role, { headers, at: performance.now() });
  return headers;
}

const path = join(tmpdir(), `registry-bench-${process.pid}.onnx`);

async function register(version) {
  const form = new FormData();
  form.set('manifest', JSON.stringify(manifest(version)));
  form.set('file', await openAsBlob(path), 'model.onnx');
  return (await client.send('/models', form, await headersOf('model_manager'))).model_id;
}

async function step(id, role, to) {
  const { password } = account(role);
  await client.post(
    `/models/${id}/transitions`,
    { to, reason: 'benchmark', password },
    await headersOf(role),
  );
}

try {
  await writeModel(path, 4096, 'warm');
  await register('0.0.1');
  await writeModel(path, LARGE_BYTES, 'large');
  await writeFile(`/proc/${server.pid}/clear_refs`, '5');
  const before = await memory(server.pid, 'VmRSS');
  const started = performance.now();
  await register('0.0.2');
  const seconds = (performance.now() - started) / 1000;
  const peak = await memory(server.pid, 'VmHWM');
  print(
    `upload of ${LARGE_BYTES / MEBIBYTE} MiB: ${seconds.toFixed(1)} s; server ${before.toFixed(0)} MiB before, peak ${peak.toFixed(0)} MiB: +${(peak - before).toFixed(0)} MiB`,
  );

  let engineBefore;
  let serverBefore;
  for (let cycle = 0; cycle <= cycles; cycle += 1) {
    await writeModel(path, 4096, `cycle${cycle}`);
    const id = await register(`1.0.${cycle}`);
    await step(id, 'model_manager', 'validation');
    await step(id, 'approver', 'production');
    await step(id, 'approver', 'deprecated');
    if (cycle === 0 || cycle === cycles) await sleep(IDLE_MS);
    if (cycle === 0)
      [engineBefore, serverBefore] = [await engineMemory(server.pid), await memory(server.pid, 'VmRSS')];
  }
  const [engineAfter, serverAfter] = [await engineMemory(server.pid), await memory(server.pid, 'VmRSS')];
  print(
    `${cycles} cycles: engine ${engineBefore.toFixed(0)} → ${engineAfter.toFixed(0)} MiB, server ${serverBefore.toFixed(0)} → ${serverAfter.toFixed(0)} MiB`,
  );
} finally {
  await server.stop();
  await rm(path, { force: true });
}
