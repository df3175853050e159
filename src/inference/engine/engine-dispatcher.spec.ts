import { DomainError } from '../../errors/domain.error';
import { EngineDispatcher } from './engine-dispatcher';
import type { EngineModel, EngineRequest } from './inference-engine';
import { ModelBreaker } from './model-breaker';
import type { EngineProcess } from './pool/engine-process-handle';
import type { EnginePool } from './pool/engine-pool';
import { ProcessTurns } from './pool/process-turns';
import { STILL_LOADING } from './queue/engine-queue';

const DEADLINE_MS = 20_000;
const MODEL = { id: 'model', name: 'chest', version: '1.0.0', batching: { max: 64 } } as EngineModel;
const REFUSED = { tensors: null, validation: { error_codes: ['QUALITY_NO_SIGNAL'] }, preprocessingMs: 1 };

interface Call {
  readonly images: number;
  readonly deadlineMs: number;
}

/** A dispatcher of one process, whose answers the test gives; it holds the model unless it must be loaded first. */
function dispatcherOf(
  answer: (images: number) => object[],
  load?: Promise<void>,
): {
  readonly dispatcher: EngineDispatcher;
  readonly breaker: ModelBreaker;
  readonly calls: Call[];
} {
  const calls: Call[] = [];
  const process = {
    ended: false,
    models: new Set(load === undefined ? [MODEL.id] : []),
    call: async ({ sources }: { sources: unknown[] }, _payload: unknown, deadlineMs: number) => {
      calls.push({ images: sources.length, deadlineMs });
      return { header: { answers: answer(sources.length), rssBytes: 0 }, payload: new Uint8Array() };
    },
  } as unknown as EngineProcess;
  const turns: ProcessTurns = new ProcessTurns(() => dispatcher.dispatch());
  const breaker = new ModelBreaker(() => undefined);
  const dispatcher: EngineDispatcher = new EngineDispatcher({
    queueLimit: 100,
    breaker,
    pool: () => ({ turns, anyProcess: () => process }) as unknown as EnginePool,
    equip: () => load ?? Promise.resolve(),
    onRun: () => undefined,
  });
  turns.free(process);
  return { dispatcher, breaker, calls };
}

const ask = (dispatcher: EngineDispatcher, changes: Partial<EngineRequest> = {}): Promise<unknown> =>
  dispatcher.run(MODEL, {
    source: { form: 'file', bytes: Buffer.alloc(8) },
    priority: 'normal',
    principalId: 'somebody',
    deadlineMs: DEADLINE_MS,
    ...changes,
  });

const refusals = (images: number): object[] => Array.from({ length: images }, () => REFUSED);

describe('engine dispatcher [R-41]', () => {
  it('an image that the quality policy refuses does not use up the one trial of a quarantined model', async () => {
    const { dispatcher, breaker } = dispatcherOf(refusals);
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    for (let n = 0; n < 3; n++) breaker.failed(MODEL);
    now.mockReturnValue(17_000);
    await ask(dispatcher);
    await expect(ask(dispatcher)).resolves.toMatchObject({ outputs: null });
    now.mockRestore();
  });

  it('takes no more images into one tensor than there is time for', async () => {
    const { dispatcher, calls } = dispatcherOf(refusals);
    jest.spyOn(dispatcher.times, 'of').mockReturnValue(2_000);
    await Promise.all(Array.from({ length: 30 }, () => ask(dispatcher)));
    expect(Math.max(...calls.map(({ images }) => images))).toBeGreaterThan(1);
    expect(Math.max(...calls.map(({ images }) => images))).toBeLessThanOrEqual(DEADLINE_MS / (2 * 2_000));
  });

  it('images that hang together have time left to run alone', async () => {
    const { dispatcher, calls } = dispatcherOf((images) => {
      if (images > 1) throw new DomainError('ENGINE_TIMEOUT');
      return refusals(images);
    });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(dispatcher)));
    expect(answers).toHaveLength(5);
    const [shared] = calls.filter(({ images }) => images > 1);
    expect(shared!.deadlineMs).toBeLessThanOrEqual(DEADLINE_MS / 2);
  });

  it('a request that waits for a load leaves when its client or its time is gone; the load serves the next', async () => {
    let loaded!: () => void;
    const { dispatcher, calls } = dispatcherOf(refusals, new Promise((resolve) => (loaded = resolve)));
    const client = new AbortController();
    const taken = ask(dispatcher, { signal: client.signal });
    client.abort('the client left');
    await expect(taken).rejects.toBe('the client left');
    const next = ask(dispatcher);
    loaded();
    await expect(next).resolves.toMatchObject({ outputs: null });
    expect(calls).toHaveLength(1);
    const late = dispatcherOf(refusals, new Promise(() => undefined)).dispatcher;
    await expect(ask(late, { deadlineMs: 20 })).rejects.toMatchObject({
      code: 'ENGINE_BUSY',
      detail: STILL_LOADING,
    });
  });
});
