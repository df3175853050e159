import { ApiProperty } from '@nestjs/swagger';
import type { InferenceResult, ResultError } from './inference-result.entity';
import { ResultErrorResponse, type ResultModel, ResultResponse, toResultResponse } from './result.response';
import { ReviewResponse } from './review/review.response';
import type { ValidationResult } from './validation-result.entity';

export class ResultDetailResponse extends ResultResponse {
  @ApiProperty({ type: String, nullable: true, description: 'The batch it belongs to' })
  readonly batch_id: string | null;

  @ApiProperty({ type: ResultErrorResponse, nullable: true, description: 'Why a failed one failed' })
  readonly error: ResultError | null;

  @ApiProperty({ type: String, nullable: true, description: 'Pseudonym' })
  readonly patient_id: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date' })
  readonly study_date: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly anatomical_region: string | null;

  @ApiProperty()
  readonly created_by: string;

  @ApiProperty({ description: 'Of the newest review; 0: none yet' })
  readonly review_revision: number;

  @ApiProperty({ type: [ReviewResponse], description: 'Every revision, oldest first' })
  readonly reviews: ReviewResponse[];

  @ApiProperty({ type: String, nullable: true })
  readonly reviewed_by: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly reviewed_at: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly review_comments: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'From then on it may be purged; null: never' })
  readonly expires_at: string | null;

  @ApiProperty({ description: 'It is kept, whatever its time' })
  readonly legal_hold: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Since when it is marked for purging' })
  readonly marked_at: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'A marked one is purged soon after' })
  readonly purge_after: string | null;

  @ApiProperty({ type: [String], description: 'Ids of the audit entries that speak of this result' })
  readonly audit: string[];
}

export function toResultDetailResponse(
  result: InferenceResult,
  validation: ValidationResult | null,
  model: ResultModel | null,
  reviews: ReviewResponse[],
  audit: string[],
): ResultDetailResponse {
  return {
    ...toResultResponse(result, validation, model),
    batch_id: result.batchId,
    error: result.error,
    patient_id: result.patientId,
    study_date: result.studyDate,
    anatomical_region: result.anatomicalRegion,
    created_by: result.createdBy,
    review_revision: result.reviewRevision,
    reviews,
    reviewed_by: result.reviewedBy,
    reviewed_at: result.reviewedAt?.toISOString() ?? null,
    review_comments: result.reviewComments,
    expires_at: result.expiresAt?.toISOString() ?? null,
    legal_hold: result.legalHold,
    marked_at: result.markedAt?.toISOString() ?? null,
    purge_after: result.purgeAfter?.toISOString() ?? null,
    audit,
  };
}
