import { Injectable } from '@nestjs/common';
import type { ComponentHealth } from '../components/component-health';
import { Components } from '../components/components.service';
import { EngineModels } from './serving/engine-models.service';
import { InferenceEngine } from './engine/inference-engine';

@Injectable()
export class EngineIndicator {
  constructor(
    components: Components,
    private readonly engine: InferenceEngine,
    private readonly models: EngineModels,
  ) {
    components.register({ name: 'engine', required: true, check: () => this.check() });
  }

  private check(): ComponentHealth {
    const { processes, ready, busy, queued, restarts, quarantined } = this.engine.health();
    const models_ready = this.models.ready;
    const models_changed = this.models.quarantined;
    const impaired = ready < processes || quarantined.length > 0 || models_changed > 0;
    const status = ready === 0 || !models_ready ? 'unhealthy' : impaired ? 'degraded' : 'healthy';
    const quarantine = quarantined.map(({ modelId, state, retryAfterSeconds }) => ({
      model_id: modelId,
      state,
      retry_after_seconds: retryAfterSeconds,
    }));
    return { status, models_ready, models_changed, processes, ready, busy, queued, restarts, quarantine };
  }
}
