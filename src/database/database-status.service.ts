import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { clockSkew } from './clock-skew';
import { measured, type PoolStatus } from './pool/pool.metrics';
import type { ValidatingPool } from './pool/validating-pool';

@Injectable()
export class DatabaseStatus implements OnModuleDestroy {
  private readonly forget = measured(() => this.pool());

  constructor(private readonly dataSource: DataSource) {}

  onModuleDestroy(): void {
    this.forget();
  }

  /** Writable: the server accepts writes; a standby or a read-only server does not. */
  async server(): Promise<{ readonly writable: boolean; readonly clockSkewSeconds: number }> {
    const asked = performance.now();
    const [row] = await this.dataSource.query<{ read_only: string; now: string }[]>(
      `SELECT current_setting('transaction_read_only') AS read_only,
              extract(epoch FROM clock_timestamp()) AS now`,
    );
    const roundTrip = (performance.now() - asked) / 1000;
    return {
      writable: row!.read_only === 'off',
      clockSkewSeconds: clockSkew(Date.now() / 1000, Number(row!.now), roundTrip),
    };
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
