// The floor of the comparison: an HTTP server that runs the model in the product's own engine and does nothing else.
// No accounts, no checks of the request, no database, no audit trail, no log.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';

const { OnnxEngine } = createRequire(import.meta.url)('../dist/inference/engine/onnx-engine.js');
const MODEL = new URL('../tools/demo-model/', import.meta.url);
const DEADLINE_MS = 30_000;

const { input, output, quality } = JSON.parse(await readFile(new URL('manifest.json', MODEL), 'utf8'));
const path = fileURLToPath(new URL('demo-model.onnx', MODEL));
const fileHash = createHash('sha256')
  .update(await readFile(path))
  .digest('hex');
const about = { id: fileHash, name: 'demo', version: '1.0.0', fileHash };
const model = { ...about, input, output, quality, locate: async () => path };

const engine = new OnnxEngine({ processes: availableParallelism() });
await engine.load(model);

const server = createServer((request, response) => {
  answer(request).then(
    (result) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(result)),
    (error) => response.writeHead(500).end(String(error)),
  );
});

async function answer(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const { searchParams } = new URL(request.url, 'http://localhost');
  const raw = request.headers['content-type'] === 'application/octet-stream';
  const source = raw
    ? {
        form: 'float32',
        bytes,
        width: Number(searchParams.get('width')),
        height: Number(searchParams.get('height')),
      }
    : { form: 'file', bytes };
  return engine.run(model, { source, priority: 'normal', principalId: 'bench', deadlineMs: DEADLINE_MS });
}

process.once('SIGTERM', () => void engine.close().then(() => process.exit(0)));
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
