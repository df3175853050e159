import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Environment } from '../../src/config/environment';
import { RedisConfig } from '../../src/config/redis.config';
import { connectRedis } from '../../src/redis/redis.module';
import { describeWithRedis, freePort, RedisServer } from '../harness/redis-server';

Logger.overrideLogger(false);

describe('Redis client', () => {
  it('is absent when REDIS_URL is unset', () => {
    expect(connectRedis(new RedisConfig(new Environment({})))).toBeNull();
  });

  it('fails at once, without queueing, when nothing listens', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const redis = connectRedis(new RedisConfig(new Environment({ REDIS_URL: url })))!;
    await expect(redis.ping()).rejects.toThrow('enableOfflineQueue');
    redis.disconnect();
  });
});

describeWithRedis('Redis client with a real server', () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = server.client();
    await new Promise((resolve) => redis.once('ready', resolve));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.kill();
  });

  it('answers, and gives up on a server that hangs', async () => {
    expect(await redis.ping()).toBe('PONG');
    server.pause();
    await expect(redis.ping()).rejects.toThrow('timed out');
    server.resume();
    expect(await redis.ping()).toBe('PONG');
  });
});
