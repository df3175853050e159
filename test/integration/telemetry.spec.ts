import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE_ENVIRONMENT, ENGINE_PROGRAM } from '../../src/inference/engine/pool/engine-process-handle';
import { FrameDecoder, writeFrame } from '../../src/inference/engine/protocol/frames';
import { modelOf, WHITE } from '../fixtures/models/models';

jest.setTimeout(60_000);

/** The vendor is looked up about 9 s after the runtime has been loaded; the device id is written at once. */
const LOOK_UP_MS = 12_000;

const strace = (trace: string): string[] => [
  'strace',
  '-f',
  '-s',
  '4096',
  '-o',
  trace,
  '-e',
  'trace=execve,socket,connect,sendto,sendmsg,sendmmsg',
];

const canTrace = spawnSync('strace', [...strace('/dev/null').slice(1), 'true']).status === 0;

/** Neither CI nor GITHUB_ACTIONS is set for the process: the runtime would be silent then in any case. */
describe('an engine process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'medai-telemetry-'));
  const [home, cwd, trace] = [join(folder, 'home'), join(folder, 'cwd'), join(folder, 'trace')];

  beforeAll(async () => {
    mkdirSync(home);
    mkdirSync(cwd);
    const [program, ...args] = [...(canTrace ? strace(trace) : []), process.execPath, ENGINE_PROGRAM];
    const child = spawn(program, args, {
      cwd,
      env: { ...ENGINE_ENVIRONMENT, HOME: home, XDG_CACHE_HOME: join(home, '.cache') },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const socket = child.stdio[3] as Duplex;
    await loadAndRun(socket);
    await sleep(canTrace ? LOOK_UP_MS : 0);
    socket.end();
    expect(await exited).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('leaves nothing in the home folder after a load and a run', () => {
    expect(readdirSync(home)).toEqual([]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  (canTrace ? it : it.skip)('opens no connection and looks nobody up (needs strace)', () => {
    const calls = readFileSync(trace, 'utf8');
    expect(calls).toContain('engine.process.js');
    expect(calls.split('\n').filter((line) => /AF_INET|nscd/.test(line))).toEqual([]);
  });
});

async function loadAndRun(socket: Duplex): Promise<void> {
  const { locate, ...model } = modelOf('quarters');
  const { bytes, ...source } = WHITE;
  const decoder = new FrameDecoder();
  const calls = [
    async (): Promise<void> => writeFrame(socket, { verb: 'load', model, threads: 1, path: await locate() }),
    async (): Promise<void> =>
      writeFrame(socket, { verb: 'run', modelId: model.id, sources: [{ ...source, length: bytes.length }] }, [
        bytes,
      ]),
  ];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    for (const { header } of decoder.push(chunk as Buffer)) {
      expect(header).not.toHaveProperty('failure');
      const call = calls.shift();
      if (call === undefined) return;
      await call();
    }
  }
  throw new Error('the process ended early');
}
