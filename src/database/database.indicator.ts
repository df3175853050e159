import { Injectable } from '@nestjs/common';
import type { ComponentHealth } from '../components/component-health';
import { Components } from '../components/components.service';
import { clockSkewSeconds } from './clock.metrics';
import { DatabaseStatus } from './database-status.service';

/** Beyond it times in results and audit entries of several replicas contradict each other. */
const SKEW_TOLERATED_SECONDS = 5;

@Injectable()
export class DatabaseIndicator {
  constructor(
    components: Components,
    private readonly database: DatabaseStatus,
  ) {
    components.register({ name: 'database', required: true, check: () => this.check() });
  }

  private async check(): Promise<ComponentHealth> {
    const { writable, clockSkewSeconds: skew } = await this.database.server();
    clockSkewSeconds.set(skew);
    const migrated = writable && !(await this.database.hasPendingMigrations());
    const inStep = Math.abs(skew) <= SKEW_TOLERATED_SECONDS;
    return {
      status: migrated ? (inStep ? 'healthy' : 'degraded') : 'unhealthy',
      writable,
      migrated,
      clock_skew_seconds: Math.round(skew * 1000) / 1000,
      pool: this.database.pool(),
    };
  }
}
