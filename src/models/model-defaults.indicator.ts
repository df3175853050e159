import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ComponentHealth } from '../components/component-health';
import { Components } from '../components/components.service';
import { toDomainError } from '../errors/to-domain-error';
import { ModelSelection } from './model-selection.service';

/**
 * Tells of models in DEFAULT_MODEL that no version in production answers for: a name that is misspelt, or one that is
 * still to be registered, which is why the server starts all the same.
 */
@Injectable()
export class ModelDefaultsIndicator implements OnApplicationBootstrap {
  private readonly logger = new Logger('ModelDefaults');

  constructor(
    components: Components,
    private readonly selection: ModelSelection,
  ) {
    components.register({ name: 'models', required: false, check: () => this.check() });
  }

  async onApplicationBootstrap(): Promise<void> {
    try {
      for (const model_name of await this.selection.unansweredDefaults())
        this.logger.warn({ event: 'models.default_unanswered', model_name });
    } catch (error) {
      this.logger.warn({ event: 'models.defaults_not_looked_at', code: toDomainError(error).code });
    }
  }

  private async check(): Promise<ComponentHealth> {
    const defaults_unanswered = await this.selection.unansweredDefaults();
    return { status: defaults_unanswered.length === 0 ? 'healthy' : 'degraded', defaults_unanswered };
  }
}
