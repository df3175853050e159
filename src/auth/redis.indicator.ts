import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { ComponentHealth } from '../components/component-health';
import { Components } from '../components/components.service';
import { REDIS } from '../redis/redis.module';
import { RequestLimits } from './limits/request-limits.service';
import { RevocationStore } from './revocation/revocation-store';

/** What this replica shares with the others through Redis. Without it every replica asks PostgreSQL: that degrades. */
@Injectable()
export class RedisIndicator {
  constructor(
    components: Components,
    @Inject(REDIS) private readonly redis: Redis | null,
    private readonly limits: RequestLimits,
    private readonly store: RevocationStore,
  ) {
    components.register({ name: 'redis', required: false, check: () => this.check() });
  }

  private async check(): Promise<ComponentHealth> {
    const configured = this.redis !== null;
    const answers = (await this.redis?.ping().catch(() => undefined)) === 'PONG';
    return {
      status: configured && !answers ? 'degraded' : 'healthy',
      configured,
      answers,
      rate_limits: this.limits.shared ? 'shared' : 'per replica',
      revocations: this.store.answering,
    };
  }
}
