import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { EffectiveSettings } from '../../config/effective-settings';
import { PRODUCT_VERSION } from '../../config/product-version';
import { AuditTrail } from '../audit-trail.service';

/** Transaction advisory lock: of replicas that start together with new settings, one records the change. */
const SETTINGS_LOCK = 7_202_614;

/** Newest of the inbox, else of the chain. */
const LAST_SETTINGS = `SELECT canonical::jsonb #>> '{details,configuration_hash}' AS hash FROM (
    (SELECT 1 AS place, canonical FROM audit_inbox
     WHERE canonical LIKE '%"action":"system.configuration_changed"%' ORDER BY id DESC LIMIT 1)
    UNION ALL
    (SELECT 2, canonical FROM audit_logs WHERE action = 'system.configuration_changed' ORDER BY seq DESC LIMIT 1)
  ) AS entries ORDER BY place LIMIT 1`;

/** Start, stop and change of settings: entries of no request. Without the first of them the server does not start. */
@Injectable()
export class SystemEvents implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('SystemEvents');

  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly settings: EffectiveSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.recordSettings(manager);
      await this.record(manager, 'system.started');
    });
  }

  async onModuleDestroy(): Promise<void> {
    try {
      await this.record(this.dataSource.manager, 'system.stopped');
    } catch {
      this.logger.error({ event: 'audit.stop_not_recorded' });
    }
  }

  private async recordSettings(manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [SETTINGS_LOCK]);
    const [last] = await manager.query<{ hash: string }[]>(LAST_SETTINGS);
    const { hash } = this.settings;
    if (last?.hash === hash) return;
    await this.trail.record(manager, 'system.configuration_changed', {
      objectType: 'system',
      details: {
        configuration_hash: hash,
        changes: { configuration_hash: { old: last?.hash ?? null, new: hash } },
      },
    });
  }

  private record(manager: EntityManager, action: 'system.started' | 'system.stopped'): Promise<void> {
    return this.trail.record(manager, action, {
      objectType: 'system',
      details: { product_version: PRODUCT_VERSION, configuration_hash: this.settings.hash },
    });
  }
}
