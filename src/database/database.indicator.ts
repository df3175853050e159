import { Injectable } from '@nestjs/common';
import type { ComponentHealth } from '../components/component-health';
import { Components } from '../components/components.service';
import { DatabaseStatus } from './database-status.service';

@Injectable()
export class DatabaseIndicator {
  constructor(
    components: Components,
    private readonly database: DatabaseStatus,
  ) {
    components.register({ name: 'database', required: true, check: () => this.check() });
  }

  private async check(): Promise<ComponentHealth> {
    const writable = await this.database.isWritable();
    const migrated = writable && !(await this.database.hasPendingMigrations());
    const status = writable && migrated ? 'healthy' : 'unhealthy';
    return { status, writable, migrated, pool: this.database.pool() };
  }
}
