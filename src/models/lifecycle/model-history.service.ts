import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import {
  ElectronicSignatures,
  recordHash,
  type SignableRecord,
} from '../../audit/signature/electronic-signature';
import { ElectronicSignature } from '../../audit/signature/electronic-signature.entity';
import type { Signatory } from '../../http/reauthentication';
import type { ModelStatus, ModelVersion } from '../model-version.entity';
import { ModelTransition } from './model-transition.entity';
import { Models } from '../models.service';
import {
  type TransitionListResponse,
  type TransitionResponse,
  toTransitionResponse,
} from './transition.response';

export interface NewTransition {
  readonly version: ModelVersion;
  readonly to: ModelStatus;
  readonly reason: string;
  readonly actorId: string;
  readonly signed?: { readonly by: Signatory; readonly meaning: string };
}

/** The record of a transition that a signature stands under: what went where, why, and by whom. */
const transitionRecord = (transition: ModelTransition, version: ModelVersion): SignableRecord => ({
  type: 'model_transition',
  id: transition.id,
  content: {
    transition_id: transition.id,
    model_id: version.id,
    model_name: version.modelName,
    version: version.version,
    file_hash: version.fileHash,
    manifest_hash: version.manifestHash,
    from_status: transition.fromStatus,
    to_status: transition.toStatus,
    reason: transition.reason,
    actor_id: transition.actorId,
    occurred_at: transition.occurredAt.toISOString(),
  },
});

/** The history of a version: every step, and the signatures under them. */
@Injectable()
export class ModelHistory {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly signatures: ElectronicSignatures,
    private readonly models: Models,
    private readonly trail: AuditTrail,
  ) {}

  /** Writes the step and its signature in the transaction that changes the status. */
  async append(manager: EntityManager, step: NewTransition): Promise<TransitionResponse> {
    const { version, to, reason, actorId, signed } = step;
    const unsigned: ModelTransition = {
      id: uuidv7(),
      modelVersionId: version.id,
      fromStatus: version.status,
      toStatus: to,
      reason,
      actorId,
      signatureId: null,
      occurredAt: signed?.by.signedAt ?? new Date(),
    };
    const record = transitionRecord(unsigned, version);
    const signature = signed && (await this.signatures.sign(manager, record, signed.meaning, signed.by));
    const transition = { ...unsigned, signatureId: signature?.id ?? null };
    await manager.insert(ModelTransition, transition);
    this.trail.describe({
      objectType: 'model_version',
      objectId: version.id,
      details: {
        from_status: version.status,
        to_status: to,
        model_file_hash: version.fileHash,
        record_hash: recordHash(record),
      },
    });
    return this.responseOf(transition, signature, record);
  }

  /**
   * Oldest first.
   * @throws DomainError MODEL_NOT_FOUND
   */
  async of(versionId: string): Promise<TransitionListResponse> {
    const version = await this.models.find(versionId);
    const { manager } = this.dataSource;
    const transitions = await manager.find(ModelTransition, {
      where: { modelVersionId: versionId },
      order: { occurredAt: 'ASC', id: 'ASC' },
    });
    const signatures = await manager.findBy(ElectronicSignature, {
      id: In(transitions.flatMap(({ signatureId }) => signatureId ?? [])),
    });
    const items = transitions.map((transition) => {
      const signature = signatures.find(({ id }) => id === transition.signatureId);
      return this.responseOf(transition, signature, transitionRecord(transition, version));
    });
    return { items: await Promise.all(items) };
  }

  private async responseOf(
    transition: ModelTransition,
    signature: ElectronicSignature | undefined,
    record: SignableRecord,
  ): Promise<TransitionResponse> {
    const shown = signature && (await this.signatures.manifestation(signature, record));
    return toTransitionResponse(transition, shown);
  }
}
