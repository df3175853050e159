import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { ModelsConfig } from '../../config/models.config';
import { ArtifactStore } from '../../models/artifacts/artifact-store';
import { completeManifest } from '../../models/manifest-completion';
import { ModelRegistry } from '../../models/model-registry.service';
import type { ModelVersion } from '../../models/model-version.entity';
import { inspectOnnxFile } from '../../models/onnx/onnx-inspection';
import { receiveModelUpload } from '../../models/upload/model-upload';
import { UploadStage } from '../../models/upload/upload-stage';
import { ModelProver } from './model-prover.service';

export interface Registration {
  readonly version: ModelVersion;
  /** False: this very version was there already. */
  readonly created: boolean;
}

/** From an upload to a version in development. What fails on the way leaves neither file nor row. */
@Injectable()
export class ModelRegistration {
  constructor(
    private readonly stage: UploadStage,
    private readonly store: ArtifactStore,
    private readonly registry: ModelRegistry,
    private readonly prover: ModelProver,
    private readonly config: ModelsConfig,
  ) {}

  /** @throws DomainError see `receiveModelUpload`, `inspectOnnxFile`, `ModelProver.prove`; MODEL_VERSION_EXISTS */
  async register(request: Request, createdBy: string): Promise<Registration> {
    const { maxFileBytes, allowLoops } = this.config;
    const { file, manifest: written } = await receiveModelUpload(request, this.stage, maxFileBytes);
    try {
      const onnx = await inspectOnnxFile({ path: file.path, allowLoops });
      const manifest = completeManifest(written, onnx);
      const existing = await this.registry.existing(manifest, file.hash);
      if (existing !== undefined) {
        await this.store.put(file);
        return { version: existing, created: false };
      }
      const proven = await this.prover.prove({
        id: uuidv7(),
        manifest,
        fileHash: file.hash,
        path: file.path,
      });
      await this.store.put(file);
      return await this.registry.register({
        ...proven,
        manifest,
        onnx,
        fileHash: file.hash,
        fileSizeBytes: file.sizeBytes,
        createdBy,
      });
    } finally {
      await this.stage.discard(file);
    }
  }
}
