import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { type ModelStatus, ModelVersion } from '../model-version.entity';

/** A step of a version from one status to the next. Append-only. */
@Entity({ name: 'model_transitions' })
@Index('model_transitions_model_version_id_ix', ['modelVersionId', 'occurredAt'])
@Check('model_transitions_reason_ck', 'length(reason) BETWEEN 1 AND 2000')
export class ModelTransition {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'model_transitions_pk' })
  id: string;

  @Column({ name: 'model_version_id', type: 'uuid' })
  @ForeignKey(() => ModelVersion, { name: 'model_transitions_model_version_id_fk', onDelete: 'RESTRICT' })
  modelVersionId: string;

  @Column({ name: 'from_status', type: 'text' })
  fromStatus: ModelStatus;

  @Column({ name: 'to_status', type: 'text' })
  toStatus: ModelStatus;

  @Column({ type: 'text' })
  reason: string;

  @Column({ name: 'actor_id', type: 'uuid' })
  @ForeignKey('User', { name: 'model_transitions_actor_id_fk', onDelete: 'RESTRICT' })
  actorId: string;

  @Column({ name: 'signature_id', type: 'uuid', nullable: true })
  @ForeignKey('ElectronicSignature', { name: 'model_transitions_signature_id_fk', onDelete: 'RESTRICT' })
  signatureId: string | null;

  @Column({ name: 'occurred_at', type: 'timestamptz' })
  occurredAt: Date;
}
