import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { Reauthentication, type Signatory } from '../../http/reauthentication';
import { ModelVersion } from '../model-version.entity';
import { Models } from '../models.service';
import type { SelfTest } from '../self-test';
import { confidenceHistogram } from '../stats/confidence-scores';
import { ModelHistory } from './model-history.service';
import { invalidStep, RESTORED, stepFor } from './steps';
import type { RollBackModelDto, TransitionModelDto } from './transition-model.dto';
import type { TransitionResponse } from './transition.response';

/**
 * Runs the self-test of a version and makes the engine ready for it, before it goes into production.
 * @throws DomainError MODEL_SELF_TEST_FAILED
 */
export type Proof = (version: ModelVersion) => Promise<SelfTest>;

type Change = Partial<Pick<ModelVersion, 'selfTest' | 'validationBaseline' | 'deployedAt' | 'deprecatedAt'>>;

/** Takes versions through their life. Of two steps at once from the same status, the database lets one through. */
@Injectable()
export class ModelLifecycle {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly models: Models,
    private readonly history: ModelHistory,
    private readonly reauthentication: Reauthentication,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * @throws DomainError MODEL_NOT_FOUND, AUTH_FORBIDDEN, MODEL_TRANSITION_INVALID, MODEL_APPROVER_IS_UPLOADER, what
   * `Reauthentication.confirm` throws, MODEL_SELF_TEST_FAILED
   */
  async transition(
    principal: Principal,
    id: string,
    { to, reason, password }: TransitionModelDto,
    prove: Proof,
  ): Promise<TransitionResponse> {
    const version = await this.models.find(id);
    const { meaning } = stepFor(principal.role, version.status, to);
    const promoted = to === 'production';
    if (promoted) assertOther(principal, version);
    const signed = meaning && { meaning, by: await this.signatory(principal, password) };
    const selfTest = promoted ? await prove(version) : undefined;

    return this.dataSource.transaction(async (manager) => {
      const change = promoted ? await promotion(manager, version, selfTest) : {};
      await move(manager, version, to, to === 'deprecated' ? { deprecatedAt: new Date() } : change);
      const step = { version, to, reason, actorId: principal.userId, ...(signed && { signed }) };
      const written = await this.history.append(manager, step);
      await this.trail.write(manager);
      return written;
    });
  }

  /**
   * Takes a version out of production and puts the one that was promoted before it back in its place, in one step.
   * @returns first the step of the version that goes, then, if it had been deprecated, of the one that comes back
   * @throws DomainError what `transition` throws; MODEL_NO_PREVIOUS
   */
  async rollBack(
    principal: Principal,
    id: string,
    { reason, password }: RollBackModelDto,
    prove: Proof,
  ): Promise<TransitionResponse[]> {
    const current = await this.models.find(id);
    const { meaning = '' } = stepFor(principal.role, current.status, 'deprecated');
    const previous = await this.previous(current);
    assertOther(principal, previous);
    const by = await this.signatory(principal, password);
    const selfTest = await prove(previous);

    return this.dataSource.transaction(async (manager) => {
      const common = { reason, actorId: principal.userId };
      await move(manager, current, 'deprecated', { deprecatedAt: new Date() });
      const gone = await this.history.append(manager, {
        ...common,
        version: current,
        to: 'deprecated',
        signed: { by, meaning },
      });
      await this.trail.write(manager);
      if (previous.status === 'production') return [gone];
      await move(manager, previous, 'production', { deprecatedAt: null, selfTest });
      const back = await this.history.append(manager, {
        ...common,
        version: previous,
        to: 'production',
        signed: { by, meaning: RESTORED },
      });
      await this.trail.record(manager, 'model.transitioned', {
        objectType: 'model_version',
        objectId: previous.id,
        details: {
          from_status: previous.status,
          to_status: 'production',
          model_file_hash: previous.fileHash,
        },
      });
      return [gone, back];
    });
  }

  private async previous({ modelName, deployedAt }: ModelVersion): Promise<ModelVersion> {
    const previous = await this.dataSource.manager
      .createQueryBuilder(ModelVersion, 'version')
      .where('version.modelName = :modelName AND version.deployedAt < :deployedAt', { modelName, deployedAt })
      .orderBy('version.deployedAt', 'DESC')
      .getOne();
    if (previous === null) throw new DomainError('MODEL_NO_PREVIOUS');
    return previous;
  }

  private signatory(principal: Principal, password: string | undefined): Promise<Signatory> {
    if (password === undefined) {
      throw new DomainError('VALIDATION_FAILED', undefined, {
        errors: [{ field: 'password', message: 'is asked for again: this step is signed' }],
      });
    }
    return this.reauthentication.confirm(principal, password);
  }
}

function assertOther({ userId }: Principal, { createdBy }: ModelVersion): void {
  if (createdBy === userId) throw new DomainError('MODEL_APPROVER_IS_UPLOADER');
}

async function promotion(
  manager: EntityManager,
  { id }: ModelVersion,
  selfTest: SelfTest | undefined,
): Promise<Change> {
  const validationBaseline = await confidenceHistogram(manager, id, 'validation');
  return { deployedAt: new Date(), validationBaseline, ...(selfTest && { selfTest }) };
}

/** The condition on the old status is what decides between two at once. */
async function move(
  manager: EntityManager,
  { id, status }: ModelVersion,
  to: ModelVersion['status'],
  change: Change,
): Promise<void> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(ModelVersion)
    .set({ status: to, ...(change as object) })
    .where('id = :id AND status = :status', { id, status })
    .execute();
  if (affected !== 1) throw invalidStep(status, to);
}
