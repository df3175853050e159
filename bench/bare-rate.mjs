import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fileOf } from './models/models.mjs';

const LIMIT_PROGRAM = fileURLToPath(new URL('limit.mjs', import.meta.url));

/** Runs a second of the bare model on every core at once: what no server on this machine can pass. */
export async function bareRate(model, milliseconds) {
  const args = [LIMIT_PROGRAM, fileOf(model), String(milliseconds)];
  const once = () => promisify(execFile)(process.execPath, args);
  const outputs = await Promise.all(Array.from({ length: availableParallelism() }, once));
  return outputs
    .map(({ stdout }) => JSON.parse(stdout))
    .reduce((sum, { runs, milliseconds: took }) => sum + (runs * 1000) / took, 0);
}
