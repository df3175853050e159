import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { measured, type PoolStatus } from './pool/pool.metrics';
import type { ValidatingPool } from './pool/validating-pool';

@Injectable()
export class DatabaseStatus implements OnModuleDestroy {
  private readonly forget = measured(() => this.pool());

  constructor(private readonly dataSource: DataSource) {}

  onModuleDestroy(): void {
    this.forget();
  }

  /** True when the server accepts writes; a standby or a read-only server does not. */
  async isWritable(): Promise<boolean> {
    const [row] = await this.dataSource.query<{ read_only: string }[]>(
      `SELECT current_setting('transaction_read_only') AS read_only`,
    );
    return row?.read_only === 'off';
  }

  /** Whether the application's role is kept from the audit tables by rights, not by triggers alone. */
  async cannotRewriteAudit(): Promise<boolean> {
    const [row] = await this.dataSource.query<{ may: boolean }[]>(
      `SELECT has_table_privilege('audit_logs', 'INSERT, UPDATE, DELETE, TRUNCATE') AS may`,
    );
    return row?.may === false;
  }

  async hasPendingMigrations(): Promise<boolean> {
    return this.dataSource.showMigrations();
  }

  pool(): PoolStatus {
    const { master } = this.dataSource.driver as unknown as { master: ValidatingPool };
    return {
      total: master.totalCount,
      idle: master.idleCount,
      waiting: master.waitingCount,
      max: master.options.max,
    };
  }
}
