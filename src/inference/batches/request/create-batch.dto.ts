import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { PRIORITIES, type Priority } from '../inference-batch.entity';

/** What is said of a batch as a whole. */
export class CreateBatchDto {
  @ApiPropertyOptional({ enum: PRIORITIES, default: 'normal' })
  @IsIn(PRIORITIES)
  readonly priority: Priority = 'normal';
}
