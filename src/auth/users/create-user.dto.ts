import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ROLES, type Role } from '../../http/principal';
import { IsNewPassword } from '../passwords/new-password.decorator';
import { IsAddress, IsOneLine, IsUsername } from './text-fields';

export class CreateUserDto {
  @IsUsername()
  readonly username: string;

  @ApiProperty({ format: 'email' })
  @IsAddress()
  readonly email: string;

  @IsNewPassword()
  readonly password: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role: Role;

  @ApiProperty()
  @IsOneLine()
  readonly full_name: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsOneLine()
  readonly organization?: string;
}
