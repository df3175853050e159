import { ApiProperty } from '@nestjs/swagger';
import { RESULT_STATUSES } from '../inference-result.entity';

class ResultSummary {
  @ApiProperty()
  readonly inference_id: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: no version was chosen' })
  readonly model_id: string | null;

  @ApiProperty({ type: Number, nullable: true })
  readonly confidence_score: number | null;

  @ApiProperty({ enum: RESULT_STATUSES })
  readonly status: string;

  @ApiProperty({ type: Boolean, nullable: true, description: 'null: never assessed' })
  readonly is_valid: boolean | null;

  @ApiProperty()
  readonly created_at: string;

  @ApiProperty()
  readonly created_by: string;
}

export class ResultPageResponse {
  @ApiProperty({ type: [ResultSummary] })
  readonly items: ResultSummary[];

  @ApiProperty({ type: Number, nullable: true, description: 'Exact; null when `cursor` was given' })
  readonly total: number | null;

  @ApiProperty({ type: Number, nullable: true })
  readonly page: number | null;

  @ApiProperty()
  readonly page_size: number;

  @ApiProperty({ type: Number, nullable: true })
  readonly total_pages: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'null on the last page' })
  readonly next_cursor: string | null;
}

export interface ResultSummaryRow {
  readonly id: string;
  readonly model_version_id: string | null;
  readonly confidence_score: number | null;
  readonly status: string;
  readonly is_valid: boolean | null;
  readonly created_at: Date;
  readonly created_by: string;
  /** `created_at` to the microsecond. */
  readonly position: string;
}

export function toResultSummary(row: ResultSummaryRow): ResultSummary {
  return {
    inference_id: row.id,
    model_id: row.model_version_id,
    confidence_score: row.confidence_score,
    status: row.status,
    is_valid: row.is_valid,
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
  };
}
