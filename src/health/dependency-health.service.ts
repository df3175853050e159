import { Injectable } from '@nestjs/common';
import { AuditHealth } from '../audit/audit-health.service';
import { SharedState } from '../auth/shared-state.service';
import { DatabaseStatus } from '../database/database-status.service';
import { EngineModels } from '../inference/engine-models.service';
import { InferenceEngine } from '../inference/engine/inference-engine';
import type { ComponentHealth } from './component-health';

/** How each thing that a request depends on is doing. */
@Injectable()
export class DependencyHealth {
  constructor(
    private readonly databaseStatus: DatabaseStatus,
    private readonly auditHealth: AuditHealth,
    private readonly inferenceEngine: InferenceEngine,
    private readonly engineModels: EngineModels,
    private readonly sharedState: SharedState,
  ) {}

  async database(): Promise<ComponentHealth> {
    const writable = await this.databaseStatus.isWritable();
    const migrated = writable && !(await this.databaseStatus.hasPendingMigrations());
    return {
      status: writable && migrated ? 'healthy' : 'unhealthy',
      writable,
      migrated,
      pool: this.databaseStatus.pool(),
    };
  }

  async audit(): Promise<ComponentHealth> {
    return { ...(await this.auditHealth.report()) };
  }

  async engine(): Promise<ComponentHealth> {
    const { processes, ready, busy, queued, restarts, quarantined } = this.inferenceEngine.health();
    const models_ready = this.engineModels.ready;
    const models_changed = this.engineModels.quarantined;
    const impaired = ready < processes || quarantined.length > 0 || models_changed > 0;
    const status = ready === 0 || !models_ready ? 'unhealthy' : impaired ? 'degraded' : 'healthy';
    const quarantine = quarantined.map(({ modelId, state, retryAfterSeconds }) => ({
      model_id: modelId,
      state,
      retry_after_seconds: retryAfterSeconds,
    }));
    return { status, models_ready, models_changed, processes, ready, busy, queued, restarts, quarantine };
  }

  /** Without Redis every replica asks PostgreSQL, so its absence degrades and never stops anything. */
  async redis(): Promise<ComponentHealth> {
    const report = await this.sharedState.report();
    return { status: report.configured && !report.answers ? 'degraded' : 'healthy', ...report };
  }
}
