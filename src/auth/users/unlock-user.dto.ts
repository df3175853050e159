import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';

export class UnlockUserDto {
  @ApiPropertyOptional({
    default: false,
    description: 'Also end every session of the account: when somebody else may have got in',
  })
  @IsOptional()
  @IsBoolean()
  readonly revoke_sessions: boolean = false;
}
