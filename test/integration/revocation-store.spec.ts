import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { PostgresRevocationStore } from '../../src/auth/revocation/postgres-revocation-store.service';
import { RedisRevocationStore } from '../../src/auth/revocation/redis-revocation-store.service';
import { LIST } from '../../src/auth/revocation/revocation-list';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { ENTITIES } from '../../src/entities';
import { newToken, ofToken, revocationStoreContract, revoke } from '../contracts/revocation-store.contract';
import { createTestDatabase } from '../harness/database';
import { describeWithRedis, RedisServer } from '../harness/redis-server';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);
Logger.overrideLogger(false);

const USEFUL_SECONDS = 660;
let dataSource: DataSource;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = () => database.drop();
  const configuration = loadConfiguration({ DATA_DIR: temporaryDirectory() });
  dataSource = await new DataSource(
    dataSourceOptions(configuration.database, database.url, ENTITIES),
  ).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await drop();
});

describe('PostgreSQL revocation store [R-49]', () => {
  const stores = (): [PostgresRevocationStore, PostgresRevocationStore] => [
    new PostgresRevocationStore(dataSource),
    new PostgresRevocationStore(dataSource),
  ];
  revocationStoreContract(() => ({ stores: stores(), dataSource }));
});

describeWithRedis('Redis revocation store [R-49]', () => {
  let server: RedisServer;
  let clients: Redis[];
  let stores: [RedisRevocationStore, RedisRevocationStore];

  const believed = async (): Promise<void> => {
    while (!stores.every(({ answering }) => answering === 'redis')) await sleep(20);
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    clients = [server.client(), server.client()];
    const storeOf = (redis: Redis): RedisRevocationStore =>
      new RedisRevocationStore(redis, dataSource, USEFUL_SECONDS);
    stores = [storeOf(clients[0]!), storeOf(clients[1]!)];
    await believed();
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.stop()));
    for (const client of clients) client.disconnect();
    await server.kill();
  });

  revocationStoreContract(() => ({ stores, dataSource }));

  it('answers from Redis, and brings what was revoked before into an empty one', async () => {
    const token = await newToken(dataSource);
    await revoke(stores[0], token.userId, ofToken(token), { kind: 'account', userId: token.userId });
    await server.command('FLUSHALL');
    expect(await stores[1].isRevoked(token)).toBe(true); // from PostgreSQL
    await believed();
    const entries = (await server.command('HKEYS', LIST)) as string[];
    expect(entries).toEqual(
      expect.arrayContaining([`t:${token.tokenId}`, `v:${token.userId}:0`, 'generation']),
    );
    expect(await stores[1].isRevoked(token)).toBe(true);
    expect(stores[1].answering).toBe('redis');
  });

  it('takes out entries that no token can match any more', async () => {
    await server.command('HSET', LIST, 't:old', '1', 't:new', String(Date.now()));
    await server.command('HDEL', LIST, 'generation'); // makes a replica rebuild, and prune
    await stores[0].isRevoked(await newToken(dataSource));
    await believed();
    await sleep(300);
    const entries = (await server.command('HKEYS', LIST)) as string[];
    expect(entries).toContain('t:new');
    expect(entries).not.toContain('t:old');
  });

  /**
   * Tokens are made, asked for, revoked and asked for again on both replicas, side by side, while something happens to
   * Redis. @returns how many were asked for, and how often the answer was wrong
   */
  async function underLoad(fault: () => Promise<void>): Promise<Record<string, number>> {
    const counts = { revoked: 0, wronglyAdmitted: 0, wronglyRefused: 0 };
    const userId = randomUUID();
    await newToken(dataSource, userId);
    const ending = new AbortController();
    const worker = async (index: number): Promise<void> => {
      while (!ending.signal.aborted) {
        const token = await newToken(dataSource, userId);
        if (await stores[index % 2]!.isRevoked(token)) counts.wronglyRefused++;
        await revoke(stores[index % 2]!, userId, ofToken(token));
        const verdicts = await Promise.all(stores.map((store) => store.isRevoked(token)));
        counts.revoked++;
        counts.wronglyAdmitted += verdicts.filter((revoked) => !revoked).length;
      }
    };
    const workers = Array.from({ length: 6 }, (_, index) => worker(index));
    await fault();
    ending.abort();
    await Promise.all(workers);
    return counts;
  }

  it.each<[string, () => Promise<void>]>([
    [
      'is flushed',
      async () => {
        for (let i = 0; i < 20; i++) {
          await sleep(60);
          await server.command('FLUSHALL');
        }
      },
    ],
    [
      'is killed and comes back empty',
      async () => {
        await sleep(200);
        await server.kill();
        await sleep(1_000);
        await server.startAgain();
        await sleep(800);
      },
    ],
    [
      'stops and goes on',
      async () => {
        await sleep(200);
        server.pause();
        await sleep(1_500);
        server.resume();
        await sleep(500);
      },
    ],
    [
      'evicts the list again and again',
      async () => {
        for (let i = 0; i < 20; i++) {
          await sleep(60);
          await server.command('DEL', LIST);
        }
      },
    ],
    [
      'is full',
      async () => {
        await sleep(200);
        await server.command('CONFIG', 'SET', 'maxmemory', '1');
        await sleep(1_500);
        await server.command('CONFIG', 'SET', 'maxmemory', '0');
        await sleep(300);
      },
    ],
  ])('admits no revoked token while Redis %s, and comes back to it', async (_name, fault) => {
    const counts = await underLoad(fault);
    expect(counts).toMatchObject({ wronglyAdmitted: 0, wronglyRefused: 0 });
    expect(counts['revoked']).toBeGreaterThan(5);
    await believed();
  });

  it('with Redis and PostgreSQL away it says so, and neither admits nor refuses', async () => {
    const configuration = loadConfiguration({ DATA_DIR: temporaryDirectory() });
    const options = dataSourceOptions(configuration.database, String(dataSource.options['url' as never]), []);
    const away = await new DataSource(options).initialize();
    const client = server.client();
    const store = new RedisRevocationStore(client, away, USEFUL_SECONDS);
    const token = await newToken(dataSource);
    await away.destroy();
    await server.kill();
    await expect(store.isRevoked(token)).rejects.toThrow(/not Connected|not connected|connection/i);
    await server.startAgain();
    await store.stop();
    client.disconnect();
  });
});
