import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS } from '../redis/redis.module';
import { RequestLimits } from './limits/request-limits.service';
import { RevocationStore } from './revocation/revocation-store';

export interface SharedStateReport {
  readonly configured: boolean;
  readonly answers: boolean;
  /** Whether all replicas count requests together, or each by itself. */
  readonly rate_limits: 'shared' | 'per replica';
  /** The store that revoked tokens are looked up in now. */
  readonly revocations: 'redis' | 'postgresql';
}

/** What this replica shares with the others through Redis. */
@Injectable()
export class SharedState {
  constructor(
    @Inject(REDIS) private readonly redis: Redis | null,
    private readonly limits: RequestLimits,
    private readonly store: RevocationStore,
  ) {}

  async report(): Promise<SharedStateReport> {
    const answer = await this.redis?.ping().catch(() => undefined);
    return {
      configured: this.redis !== null,
      answers: answer === 'PONG',
      rate_limits: this.limits.shared ? 'shared' : 'per replica',
      revocations: this.store.answering,
    };
  }
}
