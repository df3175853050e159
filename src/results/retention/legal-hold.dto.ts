import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';

/** Why a hold is placed or released. */
export class LegalHoldDto {
  @ApiProperty({ maxLength: 2000, description: 'Kept with the result, not in the audit trail' })
  @IsString()
  @Length(1, 2000)
  @Matches(/\S/, { message: 'must say why' })
  readonly reason: string;
}
