import { ApiProperty } from '@nestjs/swagger';
import type { SignatureManifestation } from '../../audit/signature/electronic-signature';
import { MODEL_STATUSES } from '../model-version.entity';
import type { ModelTransition } from './model-transition.entity';

class SignatureResponse implements SignatureManifestation {
  @ApiProperty()
  readonly signature_id: string;

  @ApiProperty()
  readonly printed_name: string;

  @ApiProperty()
  readonly signed_at: string;

  @ApiProperty()
  readonly meaning: string;

  @ApiProperty()
  readonly signer_id: string;

  @ApiProperty()
  readonly role: string;

  @ApiProperty({ description: 'SHA-256 of the transition in its RFC 8785 form, hex' })
  readonly record_hash: string;

  @ApiProperty({ description: 'SHA-256 of the public key (SPKI, DER), hex' })
  readonly key_id: string;

  @ApiProperty({ description: 'Made with the key of this installation under this very transition' })
  readonly valid: boolean;
}

export class TransitionResponse {
  @ApiProperty()
  readonly transition_id: string;

  @ApiProperty()
  readonly model_id: string;

  @ApiProperty({ enum: MODEL_STATUSES })
  readonly from_status: string;

  @ApiProperty({ enum: MODEL_STATUSES })
  readonly to_status: string;

  @ApiProperty()
  readonly reason: string;

  @ApiProperty()
  readonly actor_id: string;

  @ApiProperty()
  readonly occurred_at: string;

  @ApiProperty({ type: SignatureResponse, nullable: true })
  readonly signature: SignatureManifestation | null;
}

export class TransitionListResponse {
  @ApiProperty({ type: [TransitionResponse] })
  readonly items: TransitionResponse[];
}

export const toTransitionResponse = (
  transition: ModelTransition,
  signature: SignatureManifestation | undefined,
): TransitionResponse => ({
  transition_id: transition.id,
  model_id: transition.modelVersionId,
  from_status: transition.fromStatus,
  to_status: transition.toStatus,
  reason: transition.reason,
  actor_id: transition.actorId,
  occurred_at: transition.occurredAt.toISOString(),
  signature: signature ?? null,
});
