import type { Quarantine } from './inference-engine';
import { ModelBreaker } from './model-breaker';

const SECOND = 1000;
const MODEL = { id: 'model', name: 'chest', version: '1.2.3' };
const IN_QUARANTINE = { modelId: 'model', modelName: 'chest', version: '1.2.3' };
const quarantined = (retryAfterSeconds: number): Error =>
  expect.objectContaining({ code: 'MODEL_QUARANTINED', retryAfterSeconds }) as Error;

describe('model breaker', () => {
  let now = 0;
  let changes: Quarantine[] = [];
  let breaker: ModelBreaker;
  beforeEach(() => {
    now = 1000 * SECOND;
    changes = [];
    breaker = new ModelBreaker(
      (change) => changes.push(change),
      () => now,
    );
  });

  const repeat = (times: number, outcome: 'failed' | 'answered'): void => {
    for (let i = 0; i < times; i++) {
      if (outcome === 'failed') breaker.failed(MODEL);
      else breaker.answered('model');
    }
  };
  const begin = () => (): void => breaker.begin('model');

  it('lets a model run that has cost two processes', () => {
    repeat(2, 'failed');
    expect(begin()).not.toThrow();
    expect(breaker.isOpen('model')).toBe(false);
    expect(changes).toEqual([]);
  });

  it('opens at the third for 15 s, for this model alone', () => {
    repeat(3, 'failed');
    expect(begin()).toThrow(quarantined(15));
    expect(() => breaker.assertMayWait('model')).toThrow(quarantined(15));
    expect(() => breaker.begin('other')).not.toThrow();
    expect(breaker.quarantined).toEqual([{ ...IN_QUARANTINE, state: 'open', retryAfterSeconds: 15 }]);
    expect(changes).toEqual(breaker.quarantined);
  });

  it('forgets losses that lie more than a minute apart', () => {
    for (let i = 0; i < 9; i++, now += 61 * SECOND) breaker.failed(MODEL);
    expect(breaker.isOpen('model')).toBe(false);
  });

  it('takes ten answers for the price of one process', () => {
    for (let i = 0; i < 9; i++) {
      breaker.failed(MODEL);
      repeat(10, 'answered');
    }
    expect(breaker.isOpen('model')).toBe(false);
    repeat(3, 'failed');
    expect(breaker.isOpen('model')).toBe(true);
  });

  it('lets one request try again after the pause, and closes when it is answered', () => {
    repeat(3, 'failed');
    now += 15 * SECOND;
    expect(() => breaker.assertMayWait('model')).not.toThrow();
    breaker.begin('model');
    expect(begin()).toThrow(quarantined(1));
    breaker.answered('model');
    expect(begin()).not.toThrow();
    expect(changes.map(({ state }) => state)).toEqual(['open', 'half_open', 'closed']);
    expect(breaker.quarantined).toEqual([]);
  });

  it('lets the next one try when the first decided nothing', () => {
    repeat(3, 'failed');
    now += 15 * SECOND;
    breaker.begin('model');
    breaker.undecided('model');
    expect(begin()).not.toThrow();
  });

  it('opens again for twice as long when the try costs a process too, and for ten minutes at most', () => {
    repeat(3, 'failed');
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const [{ retryAfterSeconds }] = breaker.quarantined as [Quarantine];
      pauses.push(retryAfterSeconds);
      now += retryAfterSeconds * SECOND;
      breaker.begin('model');
      breaker.failed(MODEL);
    }
    expect(pauses).toEqual([15, 30, 60, 120, 240, 480, 600, 600]);
  });

  it('is not moved by what was under way when it opened', () => {
    repeat(4, 'failed');
    repeat(50, 'answered');
    expect(breaker.quarantined).toEqual([{ ...IN_QUARANTINE, state: 'open', retryAfterSeconds: 15 }]);
    expect(changes).toHaveLength(1);
  });

  it('starts anew with a model that was unloaded', () => {
    repeat(3, 'failed');
    breaker.forget('model');
    expect(begin()).not.toThrow();
  });
});
