// The floor of the comparison: an HTTP server that runs the models in the product's own engine and does nothing else.
// No accounts, no checks of the request, no quality checks, no database, no audit trail, no log.
//     POST /<model name>?width&height
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileOf, manifestOf, MODELS } from './models/models.mjs';

const require = createRequire(import.meta.url);
const { OnnxEngine } = require('../dist/inference/engine/onnx-engine.js');
const { splitJsonBody } = require('../dist/inference/json-fields.js');
const DEADLINE_MS = 30_000;

const engine = new OnnxEngine({ processes: availableParallelism() });
const models = new Map();
for (const name of MODELS) {
  const path = fileOf(name);
  const fileHash = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const { input, output, quality } = await manifestOf(name, 'off');
  const about = { id: name, name, version: '1.0.0', fileHash };
  models.set(name, { ...about, input, output, quality, locate: async () => path });
  await engine.load(models.get(name));
}

const server = createServer((request, response) => {
  answer(request).then(
    (result) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(result)),
    (error) => response.writeHead(500).end(String(error)),
  );
});

async function answer(request) {
  const bytes = Buffer.allocUnsafeSlow(Number(request.headers['content-length']));
  let filled = 0;
  for await (const chunk of request) filled += chunk.copy(bytes, filled);
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const [width, height] = ['width', 'height'].map((side) => Number(searchParams.get(side)));
  const source = sourceOf(request.headers['content-type'], bytes, { width, height });
  const run = { source, deadlineMs: DEADLINE_MS, priority: 'normal', principalId: 'bench' };
  return engine.run(models.get(pathname.slice(1)), run);
}

function sourceOf(type, bytes, size) {
  if (type === 'application/octet-stream') return { form: 'float32', bytes, ...size };
  if (type === 'application/json') return { form: 'numbers', bytes: splitJsonBody(bytes).data };
  return { form: 'file', bytes };
}

process.once('SIGTERM', () => void engine.close().then(() => process.exit(0)));
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
