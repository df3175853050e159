import type { Priority } from '../inference-engine';
import { EngineQueue, type QueueItem } from './engine-queue';
import { ServiceTimes } from './service-times';

class Request implements QueueItem {
  readonly modelId: string = 'model';
  readonly bytes: number = 0;
  readonly priority: Priority = 'normal';
  readonly principalId: string = 'somebody';
  readonly since = performance.now();
  readonly expiresAt = performance.now() + 60_000;
  readonly signal?: AbortSignal;
  refusal?: unknown;

  constructor(changes: Partial<QueueItem> = {}) {
    Object.assign(this, changes);
  }

  readonly refuse = (reason: unknown): void => {
    this.refusal = reason;
  };
}

const pushed = (queue: EngineQueue<Request>, changes: Partial<QueueItem> = {}): Request => {
  const request = new Request(changes);
  queue.push(request);
  return request;
};

describe('engine queue', () => {
  let times: ServiceTimes;
  const queueOf = (limit: number, processes = 1): EngineQueue<Request> =>
    new EngineQueue({ limit, times, served: () => processes, late: 'No turn' });
  beforeEach(() => {
    times = new ServiceTimes();
    jest.useFakeTimers();
  });
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('gives back what was put in, once', () => {
    const queue = queueOf(9);
    const requests = [pushed(queue), pushed(queue)];
    expect(queue).toHaveLength(2);
    expect([queue.shift(), queue.shift()]).toEqual(requests);
    expect(queue.shift()).toBeUndefined();
    expect(queue).toHaveLength(0);
  });

  it('refuses with ENGINE_BUSY when as many wait as may', () => {
    const queue = queueOf(2);
    for (const principalId of ['a', 'b']) pushed(queue, { principalId });
    expect(() => pushed(queue, { principalId: 'c' })).toThrow(
      expect.objectContaining({ code: 'ENGINE_BUSY', retryAfterSeconds: 1 }),
    );
    queue.refuseAll('end');
  });

  it('keeps a quarter of the places for the others', () => {
    const queue = queueOf(8);
    for (let i = 0; i < 6; i++) pushed(queue);
    expect(() => pushed(queue)).toThrow(expect.objectContaining({ code: 'ENGINE_BUSY' }));
    pushed(queue, { principalId: 'other' });
    queue.refuseAll('end');
  });

  it('bounds the memory of those who wait to 1 GiB, but lets one wait that is larger', () => {
    const queue = queueOf(9);
    const bytes = 0.75 * 1024 ** 3;
    pushed(queue, { bytes: 2 * bytes });
    expect(() => pushed(queue)).toThrow(expect.objectContaining({ code: 'ENGINE_BUSY' }));
    queue.shift();
    pushed(queue, { bytes });
    expect(() => pushed(queue, { bytes })).toThrow(expect.objectContaining({ code: 'ENGINE_BUSY' }));
    queue.refuseAll('end');
    pushed(queue, { bytes });
    queue.refuseAll('end');
  });

  it('always has a place for what was in already', () => {
    const queue = queueOf(1);
    const first = pushed(queue);
    queue.shift();
    const second = pushed(queue, { principalId: 'other' });
    queue.putBack(first);
    expect(queue).toHaveLength(2);
    expect([queue.shift(), queue.shift()]).toEqual([second, first]);
  });

  it.each([
    [1, 25],
    [2, 13],
    [0, 25],
  ])('says when those who wait are through: %i processes for 3 x 5 s and 1 x 10 s', (processes, seconds) => {
    times.observe('quick', 5_000);
    times.observe('slow', 10_000);
    const queue = queueOf(4, processes);
    for (const modelId of ['quick', 'slow', 'quick', 'quick'])
      pushed(queue, { modelId, principalId: modelId });
    expect(() => queue.push(new Request())).toThrow(expect.objectContaining({ retryAfterSeconds: seconds }));
    queue.refuseAll('end');
  });

  it('says a minute at most', () => {
    times.observe('model', 600_000);
    const queue = queueOf(1);
    pushed(queue);
    expect(() => pushed(queue)).toThrow(expect.objectContaining({ retryAfterSeconds: 60 }));
    queue.refuseAll('end');
  });

  it('drops a request whose deadline passes', () => {
    const queue = queueOf(9);
    const late = pushed(queue, { expiresAt: performance.now() + 100 });
    const patient = pushed(queue);
    jest.advanceTimersByTime(100);
    expect(late.refusal).toMatchObject({ code: 'ENGINE_BUSY', retryAfterSeconds: 1 });
    expect(queue.shift()).toBe(patient);
    expect(patient.refusal).toBeUndefined();
  });

  it('drops a request that is taken back', () => {
    const queue = queueOf(9);
    const client = new AbortController();
    const request = pushed(queue, { signal: client.signal });
    client.abort('the client left');
    expect(request.refusal).toBe('the client left');
    expect(queue).toHaveLength(0);
  });

  it('leaves a request alone once it has been taken', () => {
    const queue = queueOf(9);
    const client = new AbortController();
    const request = pushed(queue, { signal: client.signal, expiresAt: performance.now() + 100 });
    queue.shift();
    client.abort('the client left');
    jest.advanceTimersByTime(100);
    expect(request.refusal).toBeUndefined();
  });

  it('takes out those that suit, by priority, and no more than asked for', () => {
    const queue = queueOf(9);
    const [a, b, c, other] = [
      pushed(queue, { modelId: 'm', priority: 'low' }),
      pushed(queue, { modelId: 'm' }),
      pushed(queue, { modelId: 'm' }),
      pushed(queue),
    ];
    expect(queue.shiftAll(({ modelId }) => modelId === 'm', 2)).toEqual([b, c]);
    expect([queue.shift(), queue.shift()]).toEqual([other, a]);
  });
});

describe('service times', () => {
  it('follows what it sees, a fifth of the way each time', () => {
    const times = new ServiceTimes();
    expect(times.of('model')).toBe(0);
    times.observe('model', 100);
    times.observe('model', 200);
    expect(times.of('model')).toBe(120);
  });

  it('takes the mean of the others for a model it does not know', () => {
    const times = new ServiceTimes();
    times.observe('a', 10);
    times.observe('b', 30);
    expect(times.of('c')).toBe(20);
    times.forget('b');
    expect(times.of('c')).toBe(10);
  });
});
