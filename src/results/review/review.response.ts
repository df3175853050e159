import { ApiProperty } from '@nestjs/swagger';
import type { SignatureManifestation } from '../../audit/signature/electronic-signature';
import { REVIEW_DECISIONS, type ResultReview } from './result-review.entity';

export class ReviewResponse {
  @ApiProperty({ minimum: 1 })
  readonly revision: number;

  @ApiProperty({ enum: REVIEW_DECISIONS })
  readonly decision: string;

  @ApiProperty({ type: String, nullable: true })
  readonly label: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly comments: string | null;

  @ApiProperty()
  readonly reviewed_by: string;

  @ApiProperty()
  readonly reviewed_at: string;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    description:
      'Of an approval: printed name, time and meaning, and whether it is valid under this very record',
  })
  readonly signature: SignatureManifestation | null;
}

export function toReviewResponse(
  review: ResultReview,
  signature: SignatureManifestation | null,
): ReviewResponse {
  return {
    revision: review.revision,
    decision: review.decision,
    label: review.label,
    comments: review.comments,
    reviewed_by: review.reviewedBy,
    reviewed_at: review.reviewedAt.toISOString(),
    signature,
  };
}
