import { setTimeout as sleep } from 'node:timers/promises';
import { EngineConfig } from '../../src/config/engine.config';
import { DomainError } from '../../src/errors/domain.error';
import type { EngineAnswer, EngineRequest } from '../../src/inference/engine/inference-engine';
import { EngineModels } from '../../src/inference/serving/engine-models.service';
import { ModelOutages } from '../../src/inference/serving/model-outages.service';
import { ArtifactStore } from '../../src/models/artifacts/artifact-store';
import { ModelSelection } from '../../src/models/model-selection.service';
import type { ModelVersion } from '../../src/models/model-version.entity';
import { FakeEngine } from '../contracts/fake-engine';
import { requestOf, WHITE } from '../fixtures/models/models';
import { BatchClient } from '../harness/batch-client';
import { type RunningApp, startApp } from '../harness/running-app';

const PLACES = 4;

let running: RunningApp;
let auditor: BatchClient;
let version: ModelVersion;
let engine: FakeEngine;
let models: EngineModels;

beforeAll(async () => {
  running = await startApp();
  auditor = new BatchClient(running.url, await running.token('auditor'));
  version = await running.installFixture('quarters');
});
afterAll(() => running.stop());

/** A server that has just started, on the same installation. */
beforeEach(() => {
  const { app } = running;
  engine = new FakeEngine();
  models = new EngineModels(engine, app.get(ModelSelection), app.get(ArtifactStore), app.get(ModelOutages), {
    ...app.get(EngineConfig),
    queueLimit: PLACES,
  });
});
afterEach(() => models.onModuleDestroy());

const ask = (changes: Partial<EngineRequest> = {}): Promise<EngineAnswer> =>
  models.run(version, requestOf(WHITE, changes));

/** Holds loads up until the returned function is called. */
function closeGate(): () => void {
  let open!: () => void;
  engine.gate = new Promise((resolve) => (open = resolve));
  return open;
}

describe('requests that wait for a model to be loaded [R-41]', () => {
  it('share one load, and are told the wait as part of their time in the queue [R-42]', async () => {
    const open = closeGate();
    const loads = jest.spyOn(engine, 'load');
    const asked = Promise.all([ask(), ask({ principalId: 'other' })]);
    const began = performance.now();
    await sleep(30);
    const waitedMs = performance.now() - began;
    open();
    for (const { scores, queueMs } of await asked) {
      expect(scores).toEqual([1, 1, 1, 1]);
      expect(queueMs).toBeGreaterThanOrEqual(waitedMs);
    }
    expect(loads).toHaveBeenCalledTimes(1);
  });

  it('leave when the client does; the load goes on for the next', async () => {
    const open = closeGate();
    const client = new AbortController();
    const asked = ask({ signal: client.signal });
    client.abort('the client left');
    await expect(asked).rejects.toBe('the client left');
    await expect(ask({ signal: client.signal })).rejects.toBe('the client left');
    open();
    await expect(ask()).resolves.toMatchObject({ scores: [1, 1, 1, 1] });
  });

  it('leave at their deadline', async () => {
    closeGate();
    await expect(ask({ deadlineMs: 20 })).rejects.toMatchObject({
      code: 'ENGINE_BUSY',
      detail: 'The model is still being loaded; it did not run',
      retryAfterSeconds: 5,
    });
  });

  it('are no more than may wait for a process, and leave places for others', async () => {
    const open = closeGate();
    const busy = { code: 'ENGINE_BUSY', retryAfterSeconds: 5 };
    const waiting = [ask(), ask(), ask()];
    await expect(ask()).rejects.toMatchObject(busy);
    waiting.push(ask({ principalId: 'other' }));
    await expect(ask({ principalId: 'third' })).rejects.toMatchObject(busy);
    open();
    expect(await Promise.all(waiting)).toHaveLength(PLACES);
    await expect(ask()).resolves.toMatchObject({ scores: [1, 1, 1, 1] });
  });
});

describe('a server that starts [R-20]', () => {
  it('is ready once what is in production is loaded and tried, and not when it does not serve any more', async () => {
    jest.spyOn(running.app.get(ModelSelection), 'idsInProduction').mockResolvedValueOnce([version.id]);
    const open = closeGate();
    const load = jest.spyOn(engine, 'load');
    models.onApplicationBootstrap();
    while (load.mock.calls.length === 0) await sleep(5);
    expect(models.ready).toBe(false);
    open();
    while (!models.ready) await sleep(5);
    jest.spyOn(engine, 'run').mockRejectedValueOnce(new DomainError('MODEL_RUN_FAILED'));
    await expect(models.prepare(version)).rejects.toMatchObject({ code: 'MODEL_SELF_TEST_FAILED' });
    expect(models.ready).toBe(false);
  });
});

describe('a version whose golden samples', () => {
  it('meet a busy engine is tried again at the next request', async () => {
    const busy = new DomainError('ENGINE_BUSY', undefined, { retryAfterSeconds: 3 });
    jest.spyOn(engine, 'run').mockRejectedValueOnce(busy);
    await expect(ask()).rejects.toBe(busy);
    await expect(ask()).resolves.toMatchObject({ scores: [1, 1, 1, 1] });
  });

  it('are missed is remembered as one that does not serve', async () => {
    const loads = jest.spyOn(engine, 'load');
    jest.spyOn(engine, 'run').mockRejectedValueOnce(new DomainError('MODEL_RUN_FAILED'));
    for (let n = 0; n < 2; n++) await expect(ask()).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
    expect(loads).toHaveBeenCalledTimes(1);
  });
});

describe('a version that goes out of service and comes back [R-09]', () => {
  /** The newest first, as soon as there are so many. */
  const outages = async (count: number): Promise<string[]> => {
    const { body } = await auditor.get(`/audit?sequenced=wait&object_id=${version.id}&limit=100`);
    const items = body.items as { action: string; details: { problem?: string } }[];
    const recorded = items.flatMap(({ action, details: { problem } }) =>
      problem === undefined ? [] : [`${action}: ${problem}`],
    );
    return recorded.length < count ? outages(count) : recorded;
  };

  it('because it kills its processes: an entry when it goes, and one when it is back', async () => {
    models.onApplicationBootstrap();
    engine.change(version.id, 'closed'); // it was not out of service
    engine.change(version.id, 'open');
    await outages(1);
    engine.change(version.id, 'half_open');
    engine.change(version.id, 'closed');
    expect(await outages(2)).toEqual([
      'model.released: MODEL_QUARANTINED',
      'model.quarantined: MODEL_QUARANTINED',
    ]);
  });

  it('because its file is another: also when it is made ready before anybody has looked at the file', async () => {
    const { length } = await outages(0);
    await models.release(version); // its file is the registered one
    await models.quarantine(version);
    await expect(ask()).rejects.toMatchObject({ code: 'MODEL_INTEGRITY_FAILED' });
    await models.prepare(version);
    await models.release(version);
    expect((await outages(length + 2)).slice(0, -length)).toEqual([
      'model.released: MODEL_INTEGRITY_FAILED',
      'model.quarantined: MODEL_INTEGRITY_FAILED',
    ]);
  });
});
