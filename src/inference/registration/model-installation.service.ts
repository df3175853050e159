import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ArtifactStore } from '../../models/artifacts/artifact-store';
import type { Manifest } from '../../models/manifest';
import { ModelRegistry } from '../../models/model-registry.service';
import type { ModelVersion } from '../../models/model-version.entity';
import { UploadStage } from '../../models/upload/upload-stage';
import { EngineModels } from '../serving/engine-models.service';
import { ModelProver } from './model-prover.service';

interface Installation {
  readonly manifest: Manifest;
  /** Path of the model file, which stays where it is. */
  readonly file: string;
  readonly installedBy: string;
}

/** The demo's way into production: proven like any other version, but approved by nobody. */
@Injectable()
export class ModelInstallation {
  constructor(
    private readonly stage: UploadStage,
    private readonly store: ArtifactStore,
    private readonly registry: ModelRegistry,
    private readonly prover: ModelProver,
    private readonly engineModels: EngineModels,
  ) {}

  async install({ manifest, file, installedBy }: Installation): Promise<ModelVersion> {
    const staged = await this.stage.copy(file);
    try {
      const proven = await this.prover.prove({
        id: uuidv7(),
        manifest,
        fileHash: staged.hash,
        path: staged.path,
      });
      await this.store.put(staged);
      const version = await this.registry.installInProduction({
        ...proven,
        manifest,
        onnx: null,
        fileHash: staged.hash,
        fileSizeBytes: staged.sizeBytes,
        createdBy: installedBy,
      });
      await this.engineModels.prepare(version);
      return version;
    } finally {
      await this.stage.discard(staged);
    }
  }
}
