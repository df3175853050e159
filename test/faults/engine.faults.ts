import {
  chmodSync,
  cpSync,
  openSync,
  closeSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './fault';
import type { Installation } from './installation';

const OTHER_MODEL = join(__dirname, '../fixtures/models/quarters.onnx');

/** What may become of a file. */
const DAMAGE: Readonly<Record<string, (file: string) => void>> = {
  'has one bit flipped': flipBit,
  'is cut in half': (file) => truncateSync(file, 500),
  'is deleted': (file) => rmSync(file),
  'is replaced by another model': (file) => cpSync(OTHER_MODEL, file),
};

export const ENGINE_FAULTS: readonly Fault[] = [
  {
    name: 'an engine process is killed',
    always: true,
    inject: async (at) => void process.kill(at.engines()[0]!, 'SIGKILL'),
  },
  {
    name: 'an engine process hangs (SIGSTOP)',
    inject: async (at) => void process.kill(at.engines()[0]!, 'SIGSTOP'),
  },
  ...Object.entries(DAMAGE).map(([what, damage], i): Fault => ({
    name: `the model file ${what} while it serves`,
    ...(i === 0 && { always: true }),
    inject: (at) => damaged(at, damage, async () => undefined),
  })),
  ...Object.entries(DAMAGE).map(([what, damage]): Fault => ({
    name: `the model file ${what} before the server starts`,
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGTERM');
      await damaged(at, damage, () => at.startServer());
    },
  })),
];

/** Until the server says that it has seen it; then the file is put back. */
async function damaged(
  at: Installation,
  damage: (file: string) => void,
  next: () => Promise<void>,
): Promise<void> {
  const file = at.modelFile(await at.modelHash());
  cpSync(file, `${file}.kept`);
  chmodSync(file, 0o600);
  damage(file);
  await next();
  await at.untilTold('engine', { status: 'degraded', models_changed: 1 });
  renameSync(`${file}.kept`, file);
}

function flipBit(file: string): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, 1_000);
  byte[0]! ^= 1;
  writeSync(handle, byte, 0, 1, 1_000);
  closeSync(handle);
}
