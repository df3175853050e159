import { ApiProperty } from '@nestjs/swagger';
import type { LegalHold } from './legal-hold.entity';

const ONCE_RELEASED = { type: String, nullable: true, description: 'null: the hold is in force' } as const;

export class LegalHoldResponse {
  @ApiProperty()
  readonly hold_id: string;

  @ApiProperty()
  readonly inference_id: string;

  @ApiProperty()
  readonly reason: string;

  @ApiProperty()
  readonly placed_by: string;

  @ApiProperty()
  readonly placed_at: string;

  @ApiProperty(ONCE_RELEASED)
  readonly release_reason: string | null;

  @ApiProperty(ONCE_RELEASED)
  readonly released_by: string | null;

  @ApiProperty(ONCE_RELEASED)
  readonly released_at: string | null;
}

export class LegalHoldsResponse {
  @ApiProperty({ description: 'At least one hold is in force' })
  readonly legal_hold: boolean;

  @ApiProperty({ type: [LegalHoldResponse], description: 'Oldest first, released ones included' })
  readonly items: LegalHoldResponse[];
}

export const toLegalHoldResponse = (hold: LegalHold): LegalHoldResponse => ({
  hold_id: hold.id,
  inference_id: hold.inferenceResultId,
  reason: hold.reason,
  placed_by: hold.placedBy,
  placed_at: hold.placedAt.toISOString(),
  release_reason: hold.releaseReason,
  released_by: hold.releasedBy,
  released_at: hold.releasedAt?.toISOString() ?? null,
});
