import { BoundedQueue } from './bounded-queue';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('BoundedQueue', () => {
  it('runs as many at once as allowed, the others in order, and refuses what would wait too long', async () => {
    const queue = new BoundedQueue(2, 3);
    const finish: (() => void)[] = [];
    const started: number[] = [];
    const job = (id: number) => (): Promise<number> => {
      started.push(id);
      return new Promise((resolve) => finish.push(() => resolve(id)));
    };
    const jobs = [1, 2, 3, 4, 5].map((id) => queue.run(job(id)));
    await settled();
    expect(started).toEqual([1, 2]);
    await expect(queue.run(job(6))).rejects.toMatchObject({ code: 'LOGIN_BUSY', retryAfterSeconds: 2 });
    for (let i = 0; i < 5; i++) {
      finish[i]!();
      await jobs[i];
      await settled();
    }
    expect(started).toEqual([1, 2, 3, 4, 5]);
    expect(await Promise.all(jobs)).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives the place of a job that fails to the next', async () => {
    const queue = new BoundedQueue(1, 1);
    const first = queue.run(() => Promise.reject(new Error('broken')));
    const second = queue.run(() => Promise.resolve('done'));
    await expect(first).rejects.toThrow('broken');
    expect(await second).toBe('done');
  });
});
