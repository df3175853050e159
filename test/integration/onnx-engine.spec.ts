import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { deviation } from '../../src/models/golden-sample';
import { OnnxEngine, type OnnxEngineOptions } from '../../src/inference/engine/onnx-engine';
import { describeInferenceEngine } from '../contracts/inference-engine.contract';
import { BLACK, demoModel, modelOf, requestOf, WHITE } from '../fixtures/models/models';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

describeInferenceEngine('OnnxEngine', () => new OnnxEngine({ processes: 2 }));

const failure = (code: string, more: object = {}): object => expect.objectContaining({ code, ...more });

describe('OnnxEngine', () => {
  const engines: OnnxEngine[] = [];
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

  function engineOf(options: OnnxEngineOptions): OnnxEngine {
    const engine = new OnnxEngine(options);
    engines.push(engine);
    return engine;
  }

  const endless = modelOf('endless-run');

  it('gives the golden outputs of the demo model', async () => {
    const engine = engineOf({ processes: 1 });
    const { model, golden } = demoModel();
    expect(golden.length).toBeGreaterThan(0);
    for (const { input, output } of golden) {
      const source = { form: 'base64', bytes: Buffer.from(input.image) } as const;
      const { outputs } = await engine.run(model, requestOf(source));
      expect(deviation(output, outputs!)).toBeLessThan(1e-4);
    }
  });

  it('loses one request when a process dies, and answers the next', async () => {
    const engine = engineOf({ processes: 2 });
    await engine.load(endless);
    const outcomes = Promise.allSettled(
      [1, 2].map(() => engine.run(endless, requestOf(WHITE, { deadlineMs: 3000 }))),
    );
    const waiting = engine.run(endless, requestOf(BLACK));
    process.kill(engine.pids[0]!, 'SIGKILL');
    expect((await waiting).scores).toEqual([0]);
    const reasons = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason);
    expect(reasons).toHaveLength(2);
    expect(reasons).toEqual(expect.arrayContaining([failure('ENGINE_CRASHED'), failure('ENGINE_TIMEOUT')]));
    await until(() => engine.health().ready === 2);
    expect(engine.health()).toEqual({
      processes: 2,
      ready: 2,
      busy: 0,
      queued: 0,
      restarts: 2,
      quarantined: [],
    });
  });

  it('replaces a process whose model does not end in time', async () => {
    const engine = engineOf({ processes: 1 });
    await engine.load(endless);
    const [pid] = engine.pids;
    await expect(engine.run(endless, requestOf(WHITE, { deadlineMs: 100 }))).rejects.toEqual(
      failure('ENGINE_TIMEOUT'),
    );
    await until(() => !isAlive(pid!));
    expect((await engine.run(endless, requestOf(BLACK))).scores).toEqual([0]);
    expect(engine.pids).not.toContain(pid);
  });

  it('refuses what no longer fits the queue, and drops from it what is late or taken back', async () => {
    const engine = engineOf({ processes: 1, queueLimit: 2 });
    await engine.load(endless);
    const client = new AbortController();
    const running = engine.run(endless, requestOf(WHITE, { deadlineMs: 1000 }));
    const late = engine.run(endless, requestOf(WHITE, { deadlineMs: 50 }));
    const takenBack = engine.run(endless, requestOf(WHITE, { signal: client.signal }));
    const tooMany = engine.run(endless, requestOf(WHITE));
    const settled = Promise.allSettled([running, late, takenBack, tooMany]);
    expect(engine.health()).toMatchObject({ busy: 1, queued: 2 });
    client.abort('the client left');
    expect((await settled).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
      failure('ENGINE_TIMEOUT'),
      failure('ENGINE_BUSY', { retryAfterSeconds: expect.any(Number) as number }),
      'the client left',
      expect.objectContaining({ code: 'ENGINE_BUSY', retryAfterSeconds: expect.any(Number) }),
    ]);
    await until(() => engine.health().ready === 1);
    expect(engine.health()).toMatchObject({ busy: 0, queued: 0, restarts: 1 });
  });

  it('lets a model that never finishes loading stop one process only, and ends that one', async () => {
    const engine = engineOf({ processes: 2, loadDeadlineMs: 4000 });
    await engine.load(modelOf('quarters'));
    const loading = engine.load(modelOf('endless-load')).catch((error: unknown) => error);
    expect((await engine.run(modelOf('quarters'), requestOf(WHITE))).scores).toEqual([1, 1, 1, 1]);
    expect(engine.health()).toMatchObject({ busy: 1, restarts: 0 });
    expect(await loading).toEqual(failure('ENGINE_TIMEOUT'));
    await until(() => engine.health().ready === 2);
    expect(engine.health().restarts).toBe(1);
  });

  it('ends the process of a trial whose model does not end, at loading or in a run', async () => {
    const engine = engineOf({ processes: 1, loadDeadlineMs: 2000, trialDeadlineMs: 200 });
    const timeout = failure('ENGINE_TIMEOUT');
    const { answers } = await engine.trial(endless, [BLACK, WHITE, BLACK]);
    expect(answers).toEqual([expect.objectContaining({ scores: [0] }), timeout, timeout]);
    await expect(engine.trial(modelOf('endless-load'), [])).rejects.toEqual(timeout);
    expect(engine.health().restarts).toBe(0);
  });

  it('ends a trial when it is closed', async () => {
    const engine = engineOf({ processes: 1 });
    const trials = [1, 2].map(() => engine.trial(endless, [WHITE]).catch((error: unknown) => error));
    await engine.close();
    expect(await Promise.all(trials)).toEqual([failure('ENGINE_UNAVAILABLE'), failure('ENGINE_UNAVAILABLE')]);
  });

  it('finishes a load that took longer than the request for it', async () => {
    const engine = engineOf({ processes: 1 });
    let finish!: () => void;
    const reading = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await until(() => engine.health().ready === 1);
    const { locate } = modelOf('quarters');
    const slow = modelOf('quarters', { locate: () => reading.then(locate) });
    await expect(engine.run(slow, requestOf(WHITE, { deadlineMs: 50 }))).rejects.toMatchObject({
      code: 'ENGINE_BUSY',
    });
    finish();
    await until(() => engine.health().busy === 0 && engine.health().ready === 1);
    const loaded = modelOf('quarters', { locate: () => Promise.reject(new Error('read again')) });
    expect((await engine.run(loaded, requestOf(WHITE))).scores).toEqual([1, 1, 1, 1]);
    expect(engine.health().restarts).toBe(0);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('bounds the memory of a process', async () => {
    const engine = engineOf({ processes: 1, memoryLimitBytes: 1024 ** 3 });
    const bomb = modelOf('memory-bomb');
    await expect(engine.run(bomb, requestOf(WHITE))).rejects.toEqual(failure('ENGINE_CRASHED'));
    expect((await engine.run(bomb, requestOf(BLACK))).scores).toEqual([0]);
  });

  onLinux('runs models in an empty folder, with nothing of the environment of the server', async () => {
    const engine = engineOf({ processes: 1 });
    await engine.load(endless);
    const [pid] = engine.pids;
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
    const own = variables.filter((variable) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(variable)); // the shell's
    expect(own).toEqual(['ORT_DISABLE_TELEMETRY=1']);
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    expect(folder).not.toBe(process.cwd());
    expect(readdirSync(folder)).toEqual([]);
  });

  onLinux('says so when no process can be started', async () => {
    const engine = engineOf({ processes: 2, memoryLimitBytes: 256 * 1024 });
    const unavailable = expect.objectContaining({ code: 'ENGINE_UNAVAILABLE', retryAfterSeconds: 5 });
    await expect(engine.run(endless, requestOf(BLACK))).rejects.toEqual(unavailable);
    await expect(engine.load(endless)).rejects.toEqual(unavailable);
  });

  it('ends its processes when it is closed', async () => {
    const engine = engineOf({ processes: 2 });
    await engine.load(endless);
    const { pids } = engine;
    expect(pids.map(isAlive)).toEqual([true, true]);
    await engine.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('leaves no process behind when the server is killed, not even one whose model never ends', async () => {
    const program = join(__dirname, '../fixtures/abandoned-engine.js');
    const folder = mkdtempSync(join(tmpdir(), 'medai-abandoned-'));
    const env = { TMPDIR: folder };
    const server = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    server.kill('SIGKILL');
    try {
      await until(() => !pids.some(isAlive));
    } finally {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const started = Date.now(); !condition(); await sleep(10)) {
    if (Date.now() - started > 30_000) throw new Error(`still not so: ${condition.toString()}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
