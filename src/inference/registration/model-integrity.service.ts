import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModelsConfig } from '../../config/models.config';
import { toDomainError } from '../../errors/to-domain-error';
import { ArtifactStore } from '../../models/artifacts/artifact-store';
import { ModelSelection } from '../../models/model-selection.service';
import { EngineModels } from '../serving/engine-models.service';

/** Hashes the stored files of what is in production again and again, and takes out of service what has changed. */
@Injectable()
export class ModelIntegrity implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('ModelIntegrity');
  private timer?: NodeJS.Timeout;
  private running = false;

  constructor(
    private readonly config: ModelsConfig,
    private readonly selection: ModelSelection,
    private readonly store: ArtifactStore,
    private readonly engineModels: EngineModels,
  ) {}

  onApplicationBootstrap(): void {
    const { verifySeconds } = this.config;
    if (verifySeconds > 0) this.timer = setInterval(() => void this.verify(), verifySeconds * 1000).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** A store that cannot be read now says nothing about the files: it is asked again the next time. */
  async verify(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (const id of await this.selection.idsInProduction()) {
        const version = await this.selection.version(id);
        if (await this.store.verify(version.fileHash)) await this.engineModels.release(version);
        else await this.engineModels.quarantine(version);
      }
    } catch (error) {
      this.logger.error({ event: 'models.verification_failed', code: toDomainError(error).code });
    } finally {
      this.running = false;
    }
  }
}
