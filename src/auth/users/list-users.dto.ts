import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { QueryInteger } from '../../http/query-integer.decorator';
import { ROLES, type Role } from '../../http/principal';

export class ListUsersDto {
  @QueryInteger(0, 1_000_000, 0)
  readonly skip: number = 0;

  @QueryInteger(1, 100, 10)
  readonly limit: number = 10;

  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  readonly role?: Role;

  @ApiPropertyOptional({ enum: ['true', 'false'] })
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly is_active?: 'true' | 'false';

  @ApiPropertyOptional({ description: 'The whole name, in whatever case' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  readonly username?: string;
}
