import { EngineQueue } from './engine-queue';

const MINUTE = { deadlineMs: 60_000 };

function queueOf(limit: number, ...servers: string[]): EngineQueue<string> {
  const queue = new EngineQueue<string>(limit);
  for (const server of servers) queue.offer(server);
  return queue;
}

describe('engine queue', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('gives each server to one user at a time', async () => {
    const queue = queueOf(9, 'a', 'b');
    expect(await Promise.all([queue.acquire(MINUTE), queue.acquire(MINUTE)])).toEqual(['a', 'b']);
    const third = queue.acquire(MINUTE);
    expect(queue).toMatchObject({ ready: 2, busy: 2, queued: 1 });
    queue.release('b');
    expect(await third).toBe('b');
    expect(queue).toMatchObject({ ready: 2, busy: 2, queued: 0 });
  });

  it('serves in the order of arrival', async () => {
    const queue = queueOf(9);
    const served: number[] = [];
    const waiting = [1, 2, 3].map(async (request) => {
      const server = await queue.acquire(MINUTE);
      served.push(request);
      queue.release(server);
    });
    queue.offer('a');
    await Promise.all(waiting);
    expect(served).toEqual([1, 2, 3]);
  });

  it('takes a preferred server when one is free, any other when not', async () => {
    const queue = queueOf(9, 'cold', 'warm');
    const request = { ...MINUTE, prefers: (server: string) => server === 'warm' };
    expect(await queue.acquire(request)).toBe('warm');
    expect(await queue.acquire(request)).toBe('cold');
  });

  it('refuses with ENGINE_BUSY when as many wait as may', async () => {
    const queue = queueOf(1);
    const waiting = queue.acquire(MINUTE);
    await expect(queue.acquire(MINUTE)).rejects.toMatchObject({ code: 'ENGINE_BUSY', retryAfterSeconds: 1 });
    queue.offer('a');
    expect(await waiting).toBe('a');
  });

  it('says to come back when those who wait are through: 4 waiting, 5 s each, 2 servers', async () => {
    const queue = queueOf(4, 'a', 'b');
    for (const server of [await queue.acquire(MINUTE), await queue.acquire(MINUTE)]) {
      await jest.advanceTimersByTimeAsync(server === 'a' ? 5000 : 0);
      queue.release(server);
    }
    const all = Array.from({ length: 6 }, () => queue.acquire(MINUTE));
    await expect(queue.acquire(MINUTE)).rejects.toMatchObject({ retryAfterSeconds: 10 });
    queue.refuseAll('end');
    await Promise.allSettled(all);
  });

  it('drops a request whose deadline passes', async () => {
    const queue = queueOf(9);
    const late = queue.acquire({ deadlineMs: 100 }).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(100);
    expect(await late).toMatchObject({ code: 'ENGINE_TIMEOUT' });
    queue.offer('a');
    expect(queue).toMatchObject({ busy: 0, queued: 0 });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('drops a request that is taken back', async () => {
    const queue = queueOf(9);
    const controller = new AbortController();
    const waiting = queue.acquire({ ...MINUTE, signal: controller.signal });
    controller.abort('the client left');
    await expect(waiting).rejects.toBe('the client left');
    await expect(queue.acquire({ ...MINUTE, signal: controller.signal })).rejects.toBe('the client left');
    expect(queue.queued).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets who waits for one server alone go first, whatever the limit', async () => {
    const queue = queueOf(1, 'a');
    await queue.acquire(MINUTE);
    const request = queue.acquire(MINUTE);
    const errand = queue.acquireOnly('a');
    expect(queue.queued).toBe(1);
    queue.release('a');
    expect(await errand).toBe('a');
    queue.release('a');
    expect(await request).toBe('a');
  });

  it('forgets a withdrawn server, and fails only who waits for it alone', async () => {
    const queue = queueOf(9, 'a');
    await queue.acquire(MINUTE);
    const request = queue.acquire(MINUTE);
    const errand = queue.acquireOnly('a');
    queue.withdraw('a', 'gone');
    await expect(errand).rejects.toBe('gone');
    queue.release('a');
    expect(queue).toMatchObject({ ready: 0, busy: 0, queued: 1 });
    queue.offer('b');
    expect(await request).toBe('b');
  });
});
