import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../audit/audit-trail.service';
import { DomainError } from '../errors/domain.error';
import type { Manifest } from './manifest';
import { manifestHash } from './manifest-reading';
import { type ModelShape, ModelVersion } from './model-version.entity';
import type { OnnxDescription } from './onnx/onnx-description';
import type { SelfTest } from './self-test';

export interface NewVersion {
  readonly manifest: Manifest;
  readonly onnx: OnnxDescription | null;
  readonly selfTest: SelfTest | null;
  /** SHA-256, hex; the store has it already. */
  readonly fileHash: string;
  readonly fileSizeBytes: number;
  readonly inputShape: ModelShape;
  readonly outputShape: ModelShape;
  readonly warmUpMs: number;
  readonly createdBy: string;
}

const UNIQUE_VIOLATION = '23505';

/** Brings model versions into the registry. */
@Injectable()
export class ModelRegistry {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  has(modelName: string, version: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(ModelVersion, { modelName, version });
  }

  /**
   * The version of this name, if there is one with this very file and manifest.
   * @throws DomainError MODEL_VERSION_EXISTS when there is one with another
   */
  async existing(manifest: Manifest, fileHash: string): Promise<ModelVersion | undefined> {
    const { model_name: modelName, version } = manifest;
    const found = await this.dataSource.manager.findOneBy(ModelVersion, { modelName, version });
    if (found === null) return undefined;
    if (found.fileHash !== fileHash) {
      throw new DomainError('MODEL_VERSION_EXISTS', 'This version exists with another file');
    }
    if (found.manifestHash !== manifestHash(manifest)) {
      throw new DomainError('MODEL_VERSION_EXISTS', 'This version exists with another manifest');
    }
    return found;
  }

  /**
   * Of two registrations of the same version at once, the database takes one; the other gets its row, or
   * MODEL_VERSION_EXISTS.
   */
  async register(candidate: NewVersion): Promise<{ version: ModelVersion; created: boolean }> {
    const version = newRow(candidate, 'development', null);
    try {
      await this.dataSource.transaction(async (manager) => {
        await insert(manager, version);
        await this.trail.write(manager, {
          objectType: 'model_version',
          objectId: version.id,
          details: {
            model_file_hash: version.fileHash,
            self_test: candidate.selfTest?.passed === true ? 'passed' : 'failed',
          },
        });
      });
      return { version, created: true };
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      const existing = await this.existing(candidate.manifest, candidate.fileHash);
      if (existing === undefined) throw error;
      return { version: existing, created: false };
    }
  }

  /** Puts a version into production without the approvals that a clinical model needs: the demo's way in. */
  async installInProduction(candidate: NewVersion): Promise<ModelVersion> {
    const version = newRow(candidate, 'production', new Date());
    await this.dataSource.transaction(async (manager) => {
      await insert(manager, version);
      const about = {
        objectType: 'model_version',
        objectId: version.id,
        actorId: version.createdBy,
        actorRole: 'system',
      } as const;
      const details = { model_file_hash: version.fileHash };
      await this.trail.record(manager, 'model.registered', { ...about, details });
      await this.trail.record(manager, 'model.transitioned', {
        ...about,
        details: { from_status: 'development', to_status: 'production' },
      });
    });
    return version;
  }
}

/** TypeORM's type of a partial row does not end for the nested arrays of a manifest. */
async function insert(manager: EntityManager, version: ModelVersion): Promise<void> {
  const row: object = version;
  await manager.insert(ModelVersion, row);
}

function newRow(
  candidate: NewVersion,
  status: ModelVersion['status'],
  deployedAt: Date | null,
): ModelVersion {
  const { manifest } = candidate;
  return {
    id: uuidv7(),
    modelName: manifest.model_name,
    version: manifest.version,
    status,
    clinicalDomain: manifest.clinical_domain,
    confidenceThreshold: manifest.confidence_threshold,
    inputShape: candidate.inputShape,
    outputShape: candidate.outputShape,
    fileHash: candidate.fileHash,
    fileSizeBytes: String(candidate.fileSizeBytes),
    onnx: candidate.onnx,
    selfTest: candidate.selfTest,
    validationBaseline: null,
    manifest,
    manifestHash: manifestHash(manifest),
    inferenceLatencyMs: candidate.warmUpMs,
    createdBy: candidate.createdBy,
    createdAt: new Date(),
    deployedAt,
    deprecatedAt: null,
  };
}
