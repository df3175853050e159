import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { MODEL_STATUSES, type ModelStatus } from '../model-version.entity';

const PASSWORD_DESCRIPTION = 'Again, as the signature; only its owner signs';

/** Why a version takes a step, and the password of who signs it. */
export class RollBackModelDto {
  @ApiProperty({ maxLength: 2000 })
  @IsString()
  @Length(1, 2000)
  @Matches(/\S/, { message: 'must say why' })
  readonly reason: string;

  @ApiPropertyOptional({ description: PASSWORD_DESCRIPTION })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  readonly password?: string;
}

export class TransitionModelDto extends RollBackModelDto {
  @ApiProperty({ enum: MODEL_STATUSES })
  @IsIn(MODEL_STATUSES)
  readonly to: ModelStatus;
}
