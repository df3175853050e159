import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Length } from 'class-validator';
import { NotBefore, OptionalDate } from '../../http/optional-date.decorator';
import { RESULT_STATUSES, type ResultStatus } from '../inference-result.entity';

/** Which results a list or an export speaks of; filters are combined by AND. */
export class ResultFilterDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  readonly model_id?: string;

  @ApiPropertyOptional({ enum: RESULT_STATUSES })
  @IsOptional()
  @IsIn(RESULT_STATUSES)
  readonly status?: ResultStatus;

  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  readonly created_by?: string;

  @OptionalDate()
  readonly study_date?: string;

  @OptionalDate()
  readonly study_date_from?: string;

  @OptionalDate()
  @NotBefore('study_date_from')
  readonly study_date_to?: string;

  @ApiPropertyOptional({ description: 'The identifier itself; it is compared as a pseudonym' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  readonly patient_id?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  readonly batch_id?: string;

  @ApiPropertyOptional({ enum: ['true', 'false'] })
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly is_valid?: 'true' | 'false';

  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'Under legal hold' })
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly legal_hold?: 'true' | 'false';

  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'Expired and marked for purging' })
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly marked?: 'true' | 'false';
}
