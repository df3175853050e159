import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { NotBefore } from '../http/optional-date.decorator';
import { QueryInteger } from '../http/query-integer.decorator';
import { AUDIT_ACTIONS, AUDIT_OBJECT_TYPES, AUDIT_OUTCOMES, type AuditAction } from './audit-entry';

export class ListAuditDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsUUID()
  readonly actor_id?: string;

  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  readonly action?: AuditAction;

  @ApiPropertyOptional({ enum: AUDIT_OBJECT_TYPES })
  @IsOptional()
  @IsIn(AUDIT_OBJECT_TYPES)
  readonly object_type?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  readonly object_id?: string;

  @ApiPropertyOptional({ enum: AUDIT_OUTCOMES })
  @IsOptional()
  @IsIn(AUDIT_OUTCOMES)
  readonly outcome?: string;

  @ApiPropertyOptional({ description: 'Occurred at or after, ISO 8601' })
  @IsOptional()
  @IsISO8601({ strict: true })
  readonly from?: string;

  @ApiPropertyOptional({ description: 'Occurred at or before, ISO 8601' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @NotBefore('from')
  readonly to?: string;

  @QueryInteger(1, 1000, 50)
  readonly limit: number = 50;

  @ApiPropertyOptional({ description: '`next_cursor` of the page before, with the same filters' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  readonly cursor?: string;

  @ApiPropertyOptional({ enum: ['wait'], description: 'Wait until all that is committed is chained' })
  @IsOptional()
  @IsIn(['wait'])
  readonly sequenced?: 'wait';
}
