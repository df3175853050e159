import type { Redis } from 'ioredis';
import { MemoryBuckets, RedisBuckets } from '../../src/auth/limits/buckets';
import type { Policy } from '../../src/auth/limits/token-bucket';
import { describeWithRedis, RedisServer } from '../harness/redis-server';

/** Refilled so slowly that no test sees it. */
const SLOW: Policy = { name: 'source', burst: 5, perSecond: 0.001 };

type Buckets = MemoryBuckets | RedisBuckets;

/** What every kind of buckets does. */
function bucketsContract(buckets: () => Buckets): void {
  const takes = async (key: string, ...costs: number[]): Promise<boolean[]> => {
    const allowed = [];
    for (const cost of costs) allowed.push((await buckets().take(key, SLOW, cost)).allowed);
    return allowed;
  };

  it('lets as many through as fit, also of many at once, and each key by itself', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => buckets().take('a', SLOW, 1)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(await takes('b', 1)).toEqual([true]);
  });

  it('takes back what is returned, up to the burst', async () => {
    expect(await takes('c', 1, 1, 1, 1, 1, 1, -1, 1, 1)).toEqual([
      ...Array<boolean>(5).fill(true),
      false,
      true,
      true,
      false,
    ]);
    expect((await buckets().take('d', SLOW, -1)).tokens).toBe(5);
  });

  it('is refilled', async () => {
    const fast: Policy = { name: 'source', burst: 1, perSecond: 1_000 };
    expect((await buckets().take('e', fast, 1)).allowed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await buckets().take('e', fast, 1)).allowed).toBe(true);
  });
}

describe('buckets in memory [R-54]', () => {
  const memory = new MemoryBuckets();
  bucketsContract(() => memory);
});

describeWithRedis('buckets in Redis [R-54]', () => {
  let server: RedisServer;
  let clients: Redis[];
  let replicas: RedisBuckets[];

  beforeAll(async () => {
    server = await RedisServer.start();
    clients = [server.client(), server.client()];
    await Promise.all(clients.map((client) => new Promise((resolve) => client.once('ready', resolve))));
    replicas = clients.map((client) => new RedisBuckets(client));
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server.kill();
  });

  bucketsContract(() => replicas[0]!);

  it('are one for all replicas, and forgotten by Redis when they are full again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => replicas[index % 2]!.take('shared', SLOW, 1)),
    );
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(Number(await server.command('PTTL', 'medai:limit:shared'))).toBeGreaterThan(0);
  });

  it('each replica goes by its own while Redis hangs, and by the shared one again afterwards', async () => {
    server.pause();
    expect(replicas[0]!.shared).toBe(true);
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push((await replicas[0]!.take('alone', SLOW, 1)).allowed);
    expect(answers.filter(Boolean)).toHaveLength(5);
    expect(replicas[0]!.shared).toBe(false);
    // A second later one request looks whether Redis is back; the others do not wait with it.
    while (!replicas[0]!.shared) await new Promise((resolve) => setTimeout(resolve, 20));
    const asking = jest.spyOn(clients[0]!, 'eval');
    await Promise.all(Array.from({ length: 10 }, () => replicas[0]!.take('crowd', SLOW, 1)));
    expect(asking).toHaveBeenCalledTimes(1);
    server.resume();
    while (!replicas[0]!.shared) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await replicas[0]!.take('again', SLOW, 1)).allowed).toBe(true);
  });
});
