import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import type { DomainError } from '../../src/errors/domain.error';
import type { EngineModel, EngineRequest, Quarantine } from '../../src/inference/engine/inference-engine';
import { OnnxEngine, type OnnxEngineOptions } from '../../src/inference/engine/onnx-engine';
import { BLACK, type ModelName, modelOf, requestOf, WHITE } from '../fixtures/models/models';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

const failure = (code: string, more: object = {}): object => expect.objectContaining({ code, ...more });
const endless = modelOf('endless-run');
const quarters = modelOf('quarters');

describe('OnnxEngine under attack', () => {
  const engines: OnnxEngine[] = [];
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

  function engineOf(options: OnnxEngineOptions): OnnxEngine {
    const engine = new OnnxEngine(options);
    engines.push(engine);
    return engine;
  }

  /** A model that counts how often a process has loaded it. */
  function counted(name: ModelName, loads: string[]): EngineModel {
    const model = modelOf(name);
    const locate = (): Promise<string> => {
      loads.push(name);
      return model.locate();
    };
    return { ...model, locate };
  }

  it('pauses a model that keeps killing processes, and goes on with the others', async () => {
    const engine = engineOf({ processes: 1 });
    const logged = jest.spyOn(Logger.prototype, 'error');
    const changes: Quarantine[] = [];
    engine.onQuarantine((change) => changes.push(change));
    await engine.load(endless);
    await engine.load(quarters);
    while (engine.health().restarts < 3) {
      const killer = engine.run(endless, requestOf(WHITE, { deadlineMs: 1000 }));
      await expect(killer).rejects.toEqual(failure('ENGINE_TIMEOUT'));
    }
    const failed = { event: 'model.failed', model_id: 'endless-run', code: 'ENGINE_TIMEOUT' };
    expect(logged.mock.calls).toEqual([[failed], [failed], [failed]]);
    logged.mockRestore();
    const paused = failure('MODEL_QUARANTINED', { retryAfterSeconds: 15 });
    await expect(engine.run(endless, requestOf(BLACK))).rejects.toEqual(paused);
    await expect(engine.load(endless)).rejects.toEqual(paused);
    expect((await engine.run(quarters, requestOf(WHITE))).scores).toEqual([1, 1, 1, 1]);
    const quarantine = { modelId: 'endless-run', modelName: 'endless-run', version: '1.0.0', state: 'open' };
    expect(changes).toEqual([{ ...quarantine, retryAfterSeconds: 15 }]);
    expect(engine.health().quarantined).toMatchObject([quarantine]);
  });

  it('refuses those who wait for a model when it is paused', async () => {
    const engine = engineOf({ processes: 1 });
    await engine.load(endless);
    const waiting = Array.from({ length: 9 }, (_, i) =>
      engine
        .run(endless, requestOf(WHITE, { deadlineMs: 1000 * (i + 1) }))
        .catch((error: DomainError) => error.code),
    );
    const timeouts = Array.from({ length: 3 }, () => 'ENGINE_TIMEOUT');
    expect(await Promise.all(waiting)).toEqual([
      ...timeouts,
      ...Array.from({ length: 6 }, () => 'MODEL_QUARANTINED'),
    ]);
    expect(engine.health()).toMatchObject({ queued: 0, restarts: 3 });
  });

  it('answers or refuses each of two thousand requests at once', async () => {
    const engine = engineOf({ processes: 2, queueLimit: 200 });
    await engine.load(quarters);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2000 }, (_, i) =>
        engine.run(quarters, requestOf(WHITE, { principalId: `${i % 50}` })),
      ),
    );
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(refused).toHaveLength(2000 - 202);
    for (const reason of refused) {
      expect(reason).toEqual(failure('ENGINE_BUSY', { retryAfterSeconds: expect.any(Number) as number }));
    }
    expect(engine.health()).toMatchObject({ busy: 0, queued: 0, restarts: 0 });
  });

  it('serves by priority and lets principals take turns [R-40]', async () => {
    const engine = engineOf({ processes: 1 });
    await engine.load(quarters);
    const served: string[] = [];
    const ask = async (name: string, changes: Partial<EngineRequest>): Promise<void> => {
      await engine.run(quarters, requestOf(WHITE, changes));
      served.push(name);
    };
    await Promise.all([
      ask('first', {}),
      ask('low', { priority: 'low' }),
      ask('a1', { principalId: 'a' }),
      ask('a2', { principalId: 'a' }),
      ask('b1', { principalId: 'b' }),
      ask('high', { priority: 'high', principalId: 'a' }),
    ]);
    expect(served).toEqual(['first', 'high', 'a1', 'b1', 'a2', 'low']);
  });

  it('shows in the metrics what it did, by model and version [R-22]', async () => {
    const engine = engineOf({ processes: 1 });
    const model = modelOf('quarters', { id: 'measured', name: 'measured', version: '2.0.0' });
    for (const _ of [1, 2]) await engine.run(model, requestOf(WHITE));
    const metrics = await register.metrics();
    for (const duration of ['queue', 'preprocessing', 'run']) {
      const count = `medai_engine_${duration}_duration_seconds_count{model="measured",version="2.0.0"} 2`;
      expect(metrics).toContain(count);
    }
    expect(metrics).toContain('medai_engine_processes{state="ready"} 1');
    expect(metrics).toContain('medai_engine_queue_length 0');
    expect(metrics).toMatch(/medai_engine_process_restarts_total\{cause="timeout"\} [1-9]/);
  });

  it('replaces a process that has grown, without losing a request', async () => {
    const engine = engineOf({ processes: 1, memoryBudgetBytes: 1, renewAfterMs: 0 });
    await engine.load(quarters);
    const [first] = engine.pids;
    const loads: string[] = [];
    for (let requests = 0; engine.pids.includes(first!) && requests < 5000; requests++) {
      expect((await engine.run(counted('quarters', loads), requestOf(WHITE))).scores).toEqual([1, 1, 1, 1]);
    }
    expect(engine.pids).not.toContain(first);
    expect(engine.health()).toMatchObject({ restarts: 0 });
    expect(loads).toEqual([]); // a fresh process holds the model before it takes requests
  });

  it('lets go of the model that has not been used for longest when there is no memory for all', async () => {
    const engine = engineOf({ processes: 1, memoryBudgetBytes: 1, renewAfterMs: 60_000 });
    const loads: string[] = [];
    const [a, b] = [counted('quarters', loads), counted('network', loads)];
    await engine.load(a);
    await engine.load(b);
    const [first] = engine.pids;
    await engine.run(a, requestOf(WHITE));
    await until(() => !engine.pids.includes(first!) && engine.health().ready === 1);
    expect(loads).toEqual(['quarters', 'network', 'quarters']);
    await engine.run(b, requestOf(WHITE));
    expect(loads).toEqual(['quarters', 'network', 'quarters', 'network']);
  });

  it('unloads a model by renewing the processes that hold it, one after the other', async () => {
    const engine = engineOf({ processes: 2 });
    await engine.load(quarters);
    const { pids } = engine;
    const unloaded = engine.unload('quarters');
    let least = 2;
    while (engine.pids.some((pid) => pids.includes(pid))) {
      least = Math.min(least, engine.health().ready);
      await sleep(1);
    }
    await unloaded;
    expect(least).toBe(2);
    expect(engine.describe('quarters')).toBeUndefined();
    expect(engine.health()).toMatchObject({ ready: 2, restarts: 0 });
  });

  it('settles each request once while its processes are killed and stopped, and leaves none behind', async () => {
    const engine = engineOf({ processes: 2, queueLimit: 1000 });
    await engine.load(quarters);
    const seen = new Set<number>();
    const peace = new AbortController();
    const attack = (async () => {
      for (let i = 0; !peace.signal.aborted; i++, await sleep(40)) {
        for (const pid of engine.pids) seen.add(pid);
        const victim = engine.pids[i % 2];
        if (victim !== undefined) signal(victim, i % 3 === 0 ? 'SIGSTOP' : 'SIGKILL');
      }
    })();
    const outcomes: Record<string, number> = {};
    const client = async (principalId: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const request = requestOf(WHITE, { principalId, deadlineMs: 400 });
        const outcome = await engine.run(quarters, request).then(
          ({ scores }) => String(scores),
          ({ code }: DomainError) => code,
        );
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome !== '1,1,1,1') await sleep(20);
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(client));
    peace.abort();
    await attack;
    const expected = [
      '1,1,1,1',
      'ENGINE_CRASHED',
      'ENGINE_TIMEOUT',
      'ENGINE_UNAVAILABLE',
      'MODEL_QUARANTINED',
    ];
    expect(Object.keys(outcomes).filter((outcome) => !expected.includes(outcome))).toEqual([]);
    expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(200);
    for (const pid of engine.pids) seen.add(pid);
    await engine.close();
    expect([...seen].filter((pid) => signal(pid, 0))).toEqual([]);
  });
});

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const started = Date.now(); !condition(); await sleep(10)) {
    if (Date.now() - started > 30_000) throw new Error(`still not so: ${condition.toString()}`);
  }
}
