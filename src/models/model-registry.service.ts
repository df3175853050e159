import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../audit/audit-trail.service';
import { type Manifest, manifestHash } from './manifest';
import { ModelArtifacts } from './model-artifacts';
import { type ModelShape, ModelVersion } from './model-version.entity';

export interface ModelInstallation {
  readonly id: string;
  readonly manifest: Manifest;
  readonly file: Uint8Array;
  readonly inputShape: ModelShape;
  readonly outputShape: ModelShape;
  readonly warmUpMs: number;
  readonly installedBy: string;
}

/** Brings model versions into the registry. */
@Injectable()
export class ModelRegistry {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly artifacts: ModelArtifacts,
    private readonly trail: AuditTrail,
  ) {}

  has(modelName: string, version: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(ModelVersion, { modelName, version });
  }

  /** Puts a version into production without the approvals that a clinical model needs: the demo's way in. */
  async installInProduction(installation: ModelInstallation): Promise<ModelVersion> {
    const { manifest, installedBy } = installation;
    const { hash, sizeBytes } = await this.artifacts.put(installation.file);
    const now = new Date();
    const version: ModelVersion = {
      id: installation.id,
      modelName: manifest.model_name,
      version: manifest.version,
      status: 'production',
      clinicalDomain: manifest.clinical_domain,
      confidenceThreshold: manifest.confidence_threshold,
      inputShape: installation.inputShape,
      outputShape: installation.outputShape,
      fileHash: hash,
      fileSizeBytes: String(sizeBytes),
      manifest,
      manifestHash: manifestHash(manifest),
      inferenceLatencyMs: installation.warmUpMs,
      createdBy: installedBy,
      createdAt: now,
      deployedAt: now,
      deprecatedAt: null,
    };
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(ModelVersion, version);
      const about = {
        objectType: 'model_version',
        objectId: version.id,
        actorId: installedBy,
        actorRole: 'system',
      } as const;
      await this.trail.record(manager, 'model.registered', { ...about, details: { model_file_hash: hash } });
      await this.trail.record(manager, 'model.transitioned', {
        ...about,
        details: { from_status: 'development', to_status: 'production' },
      });
    });
    return version;
  }
}
