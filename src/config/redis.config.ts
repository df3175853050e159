import type { Environment } from './environment';

export class RedisConfig {
  /** Unset: no Redis, which is a normal state. */
  readonly url?: string;

  constructor(env: Environment) {
    this.url = env.url('REDIS_URL', env.secret('REDIS_URL'), ['redis:', 'rediss:']);
  }
}
