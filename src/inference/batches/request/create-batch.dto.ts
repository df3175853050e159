import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { PRIORITIES, type Priority } from '../../engine/inference-engine';

/** What is said of a batch as a whole. */
export class CreateBatchDto {
  @ApiPropertyOptional({ enum: PRIORITIES, default: 'normal' })
  @IsIn(PRIORITIES)
  readonly priority: Priority = 'normal';
}
