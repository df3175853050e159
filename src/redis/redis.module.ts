import { Global, Inject, Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisConfig } from '../config/redis.config';

/** The client, or null: Redis is optional, and down, slow or absent is a normal state. */
export const REDIS = Symbol('redis');

/** Fails fast instead of queueing: whoever asks has another way. */
export function connectRedis({ url }: RedisConfig): Redis | null {
  if (url === undefined) return null;
  const logger = new Logger('Redis');
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    commandTimeout: 150,
  });
  redis.on('ready', () => logger.log({ event: 'redis.ready' }));
  redis.on('error', (error: { code?: string }) =>
    logger.warn({ event: 'redis.unavailable', cause_code: error.code }),
  );
  return redis;
}

@Global()
@Module({
  providers: [{ provide: REDIS, inject: [RedisConfig], useFactory: connectRedis }],
  exports: [REDIS],
})
export class RedisModule implements OnModuleDestroy {
  constructor(@Inject(REDIS) private readonly redis: Redis | null) {}

  onModuleDestroy(): void {
    this.redis?.disconnect();
  }
}
