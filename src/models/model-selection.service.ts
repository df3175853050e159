import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ModelsConfig } from '../config/models.config';
import { DomainError } from '../errors/domain.error';
import type { Principal } from '../http/principal';
import { type ModelStatus, ModelVersion } from './model-version.entity';

/** A version that answers a request, in the state it had when it was chosen. */
export interface SelectedModel {
  readonly version: ModelVersion;
  readonly status: ModelStatus;
}

/** What the request says about the model. */
export interface Wish {
  readonly modelId?: string | undefined;
  /** Only without a model id. */
  readonly clinicalDomain?: string | undefined;
}

interface Candidate {
  readonly id: string;
  readonly modelName: string;
  readonly status: ModelStatus;
}

/** Decides which model version answers whom. */
@Injectable()
export class ModelSelection {
  /** All but the status of a version is immutable, so it is read once. */
  private readonly versions = new Map<string, ModelVersion>();

  constructor(
    @InjectRepository(ModelVersion) private readonly repository: Repository<ModelVersion>,
    private readonly config: ModelsConfig,
  ) {}

  /** @throws DomainError MODEL_NOT_FOUND, MODEL_NOT_ACTIVE, MODEL_NOT_SELECTED, AUTH_FORBIDDEN */
  async select({ role }: Pick<Principal, 'role'>, { modelId, clinicalDomain }: Wish): Promise<SelectedModel> {
    const { id, status } =
      modelId === undefined ? await this.defaultModel(clinicalDomain) : await this.byId(modelId);
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

  async idsInProduction(): Promise<string[]> {
    return (await this.inProduction([])).map(({ id }) => id);
  }

  /** All but the status is as it was registered. */
  async version(id: string): Promise<ModelVersion> {
    let version = this.versions.get(id);
    if (version === undefined) {
      version = await this.repository.findOneByOrFail({ id });
      this.versions.set(id, version);
    }
    return version;
  }

  private async byId(id: string): Promise<Candidate> {
    const [found] = await this.repository.query<Candidate[]>(`${CANDIDATE} WHERE id = $1`, [id]);
    if (found === undefined) throw new DomainError('MODEL_NOT_FOUND');
    return found;
  }

  /**
   * The newest version in production of the model that answers when none is named: that of DEFAULT_MODEL for the
   * clinical domain, or for every domain, or the only model there is.
   */
  private async defaultModel(clinicalDomain: string | undefined): Promise<Candidate> {
    const { defaultModel, defaultModels } = this.config;
    const configured = (clinicalDomain !== undefined && defaultModels.get(clinicalDomain)) || defaultModel;
    const [modelName, version] = configured?.split('@') ?? [];
    const found = await this.inProduction([modelName, version, clinicalDomain]);
    const [newest] = found;
    if (newest !== undefined && found.every((candidate) => candidate.modelName === newest.modelName))
      return newest;
    throw new DomainError('MODEL_NOT_SELECTED', `${found.length} versions in production could answer`);
  }

  /** Of DEFAULT_MODEL, as `[<domain>=]<name>[@<version>]`: what no version in production answers for. */
  async unansweredDefaults(): Promise<string[]> {
    const unanswered: string[] = [];
    for (const [domain, model] of this.config.defaultModels) {
      const [modelName, version] = model.split('@');
      const found = await this.inProduction([modelName, version, domain || undefined]);
      if (found.length === 0) unanswered.push(domain === '' ? model : `${domain}=${model}`);
    }
    return unanswered;
  }

  /** Newest first; `undefined` stands for any. */
  private inProduction([modelName, version, clinicalDomain]: (string | undefined)[]): Promise<Candidate[]> {
    return this.repository.query(IN_PRODUCTION, [modelName ?? null, version ?? null, clinicalDomain ?? null]);
  }
}

const CANDIDATE = 'SELECT id, model_name AS "modelName", status FROM model_versions';
const IN_PRODUCTION = `
  ${CANDIDATE}
  WHERE status = 'production' AND ($1::text IS NULL OR model_name = $1) AND ($2::text IS NULL OR version = $2)
    AND ($3::text IS NULL OR clinical_domain = $3)
  ORDER BY deployed_at DESC`;
