import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { QueryInteger } from '../http/query-integer.decorator';
import { AUDIT_ACTIONS, type AuditAction } from './audit-entry';

const OBJECT_TYPES = ['audit_entry', 'inference_result', 'model_version', 'user', 'session'];
const OUTCOMES = ['success', 'refused', 'failed'];

export class ListAuditDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  readonly actor_id?: string;

  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  readonly action?: AuditAction;

  @ApiPropertyOptional({ enum: OBJECT_TYPES })
  @IsOptional()
  @IsIn(OBJECT_TYPES)
  readonly object_type?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  readonly object_id?: string;

  @ApiPropertyOptional({ enum: OUTCOMES })
  @IsOptional()
  @IsIn(OUTCOMES)
  readonly outcome?: string;

  @ApiPropertyOptional({ description: 'Occurred at or after, ISO 8601' })
  @IsOptional()
  @IsISO8601({ strict: true })
  readonly from?: string;

  @ApiPropertyOptional({ description: 'Occurred at or before, ISO 8601' })
  @IsOptional()
  @IsISO8601({ strict: true })
  readonly to?: string;

  @QueryInteger(1, 1000, 50)
  readonly limit: number = 50;

  /** `next_cursor` of the page before. */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly cursor?: number;

  @ApiPropertyOptional({ enum: ['wait'], description: 'Wait until all that is committed is chained' })
  @IsOptional()
  @IsIn(['wait'])
  readonly sequenced?: 'wait';
}
