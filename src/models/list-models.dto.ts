import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { QueryInteger } from '../http/query-integer.decorator';
import { MODEL_STATUSES, type ModelStatus } from './model-version.entity';

export class ListModelsDto {
  @QueryInteger(0, 1_000_000, 0)
  readonly skip: number = 0;

  @QueryInteger(1, 100, 10)
  readonly limit: number = 10;

  @ApiPropertyOptional({ enum: MODEL_STATUSES })
  @IsOptional()
  @IsIn(MODEL_STATUSES)
  readonly status?: ModelStatus;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  readonly clinical_domain?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  readonly model_name?: string;
}
