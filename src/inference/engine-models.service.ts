import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { toDomainError } from '../errors/to-domain-error';
import type { QualitySpec } from '../imaging/input-spec';
import type { Manifest } from '../models/manifest';
import { ModelArtifacts } from '../models/model-artifacts';
import { ModelRegistry } from '../models/model-registry.service';
import { ModelSelection } from '../models/model-selection.service';
import type { ModelShape, ModelVersion } from '../models/model-version.entity';
import {
  type EngineAnswer,
  type EngineModel,
  type EngineRequest,
  InferenceEngine,
  type ModelDescription,
  type TensorDescription,
} from './engine/inference-engine';

export interface DemoInstallation {
  readonly manifest: Manifest;
  /** Path of the model file. */
  readonly file: string;
  readonly installedBy: string;
}

/** Which registered versions the engine holds warm. */
@Injectable()
export class EngineModels implements OnApplicationBootstrap {
  private readonly logger = new Logger('EngineModels');
  private readonly failed = new Set<string>();
  private loaded = false;

  constructor(
    private readonly engine: InferenceEngine,
    private readonly selection: ModelSelection,
    private readonly artifacts: ModelArtifacts,
    private readonly registry: ModelRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.loadProduction().catch((error: unknown) => {
      this.logger.error({ event: 'model.load_failed', code: toDomainError(error).code });
    });
  }

  /** True when every version that was in production at the start is loaded and warmed up. */
  get ready(): boolean {
    return this.loaded && this.failed.size === 0;
  }

  async load(version: ModelVersion): Promise<ModelDescription> {
    const description = await this.engine.load(this.toEngineModel(version));
    this.failed.delete(version.id);
    return description;
  }

  /** Lets the engine prove a file before the registry takes it, then puts the version into production. */
  async install({ manifest, file: path, installedBy }: DemoInstallation): Promise<ModelVersion> {
    const file = await readFile(path);
    const fileHash = createHash('sha256').update(file).digest('hex');
    const { input, output, quality } = manifest;
    const candidate = {
      id: uuidv7(),
      name: manifest.model_name,
      version: manifest.version,
      fileHash,
      input,
      output,
      quality: quality as QualitySpec,
      locate: async () => path,
    };
    const { inputs, outputs, warmUpMs } = await this.engine.load(candidate);
    const shapeOf = (tensors: readonly TensorDescription[], name: string): ModelShape =>
      tensors.find((tensor) => tensor.name === name)?.shape ?? [];
    return this.registry.installInProduction({
      id: candidate.id,
      manifest,
      file,
      inputShape: shapeOf(inputs, input.name),
      outputShape: shapeOf(outputs, output.name),
      warmUpMs,
      installedBy,
    });
  }

  run(version: ModelVersion, request: EngineRequest): Promise<EngineAnswer> {
    return this.engine.run(this.toEngineModel(version), request);
  }

  private toEngineModel(version: ModelVersion): EngineModel {
    const { input, output, quality } = version.manifest;
    return {
      id: version.id,
      name: version.modelName,
      version: version.version,
      fileHash: version.fileHash,
      input,
      output,
      quality,
      locate: async () => this.artifacts.pathOf(version.fileHash),
    };
  }

  private async loadProduction(): Promise<void> {
    for (const version of await this.selection.inProduction()) await this.tryLoad(version);
    this.loaded = true;
  }

  private async tryLoad(version: ModelVersion): Promise<void> {
    const about = { model_id: version.id, model_name: version.modelName, version: version.version };
    try {
      await this.load(version);
      this.logger.log({ event: 'model.loaded', ...about });
    } catch (error) {
      this.failed.add(version.id);
      this.logger.error({ event: 'model.load_failed', code: toDomainError(error).code, ...about });
    }
  }
}
