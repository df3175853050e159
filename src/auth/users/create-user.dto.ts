import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { ROLES, type Role } from '../../http/principal';
import { IsNewPassword } from '../passwords/new-password.decorator';
import { USERNAME_PATTERN } from './username';

const ONE_LINE = /^[^\p{Cc}\p{Surrogate}]*$/u;

export class CreateUserDto {
  @ApiProperty({ pattern: USERNAME_PATTERN.source })
  @Matches(USERNAME_PATTERN, { message: 'must be 2 to 64 of a-z, 0-9, dot, underscore and hyphen' })
  readonly username: string;

  @ApiProperty({ format: 'email' })
  @IsEmail()
  @MaxLength(254)
  readonly email: string;

  @IsNewPassword()
  readonly password: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role: Role;

  @ApiProperty()
  @IsString()
  @Length(1, 200)
  @Matches(ONE_LINE, { message: 'must be one line of text' })
  readonly full_name: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(ONE_LINE, { message: 'must be one line of text' })
  readonly organization?: string;
}
