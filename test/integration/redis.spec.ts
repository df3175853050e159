import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisConfig } from '../../src/config/redis.config';
import { Environment } from '../../src/config/environment';
import { connectRedis } from '../../src/redis/redis.module';

Logger.overrideLogger(false);

const found = spawnSync('redis-server', ['--version']).status === 0;
if (!found)
  process.stderr.write(
    'SKIPPED: Redis tests. Install redis-server (Debian: apt-get install redis-server).\n',
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const clientFor = (port: number): Redis =>
  connectRedis(new RedisConfig(new Environment({ REDIS_URL: `redis://127.0.0.1:${port}` })))!;

describe('Redis client', () => {
  it('is absent when REDIS_URL is unset', () => {
    expect(connectRedis(new RedisConfig(new Environment({})))).toBeNull();
  });

  it('fails at once, without queueing, when nothing listens', async () => {
    const redis = clientFor(await freePort());
    await expect(redis.ping()).rejects.toThrow('enableOfflineQueue');
    redis.disconnect();
  });
});

(found ? describe : describe.skip)('Redis client with a real server', () => {
  let server: ChildProcess;
  let redis: Redis;

  beforeAll(async () => {
    const port = await freePort();
    server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      { stdio: 'ignore' },
    );
    redis = clientFor(port);
    while (redis.status !== 'ready') await sleep(20);
  });
  afterAll(() => {
    redis.disconnect();
    server.kill('SIGKILL');
  });

  it('answers, and gives up on a server that hangs', async () => {
    expect(await redis.ping()).toBe('PONG');
    server.kill('SIGSTOP');
    await expect(redis.ping()).rejects.toThrow('timed out');
    server.kill('SIGCONT');
    expect(await redis.ping()).toBe('PONG');
  });
});
