import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, Repository } from 'typeorm';
import { EngineConfig } from '../config/engine.config';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { type ModelStatus, ModelVersion } from './model-version.entity';

/** A version that answers a request, in the state it had when it was chosen. */
export interface SelectedModel {
  readonly version: ModelVersion;
  readonly status: ModelStatus;
}

interface Candidate {
  readonly id: string;
  readonly status: ModelStatus;
}

/** Decides which model version answers whom. */
@Injectable()
export class ModelSelection {
  /** All but the status of a version is immutable, so it is read once. */
  private readonly versions = new Map<string, ModelVersion>();

  constructor(
    @InjectRepository(ModelVersion) private readonly repository: Repository<ModelVersion>,
    private readonly config: EngineConfig,
  ) {}

  /** @throws DomainError MODEL_NOT_FOUND, MODEL_NOT_ACTIVE, MODEL_NOT_SELECTED, AUTH_FORBIDDEN */
  async select({ role }: Principal, modelId: string | undefined): Promise<SelectedModel> {
    const { id, status } = modelId === undefined ? await this.defaultModel() : await this.byId(modelId);
    const mayTest = role === 'model_manager' || role === 'approver';
    if (status === 'deprecated') throw new DomainError('MODEL_NOT_ACTIVE', 'The version is deprecated');
    if (status !== 'production' && !mayTest) {
      throw new DomainError('MODEL_NOT_ACTIVE', `The version is in ${status}`);
    }
    if (status === 'production' && mayTest) {
      throw new DomainError(
        'AUTH_FORBIDDEN',
        `A ${role} may try only versions that are not yet in production`,
      );
    }
    return { version: await this.version(id), status };
  }

  /** Every version in production. */
  inProduction(): Promise<ModelVersion[]> {
    return this.repository.findBy({ status: 'production' });
  }

  private async byId(id: string): Promise<Candidate> {
    const [found] = await this.candidates({ id });
    if (found === undefined) throw new DomainError('MODEL_NOT_FOUND');
    return found;
  }

  private async defaultModel(): Promise<Candidate> {
    const [modelName, version] = this.config.defaultModel?.split('@') ?? [];
    const found = await this.candidates({
      status: 'production',
      ...(modelName !== undefined && { modelName }),
      ...(version !== undefined && { version }),
    });
    const [only] = found;
    if (only !== undefined && (found.length === 1 || modelName !== undefined)) return only;
    throw new DomainError('MODEL_NOT_SELECTED', `${found.length} versions in production could answer`);
  }

  /** Newest in production first. */
  private candidates(where: FindOptionsWhere<ModelVersion>): Promise<Candidate[]> {
    return this.repository.find({ where, select: { id: true, status: true }, order: { deployedAt: 'DESC' } });
  }

  private async version(id: string): Promise<ModelVersion> {
    let version = this.versions.get(id);
    if (version === undefined) {
      version = await this.repository.findOneByOrFail({ id });
      this.versions.set(id, version);
    }
    return version;
  }
}
