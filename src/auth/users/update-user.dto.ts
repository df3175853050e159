import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateIf } from 'class-validator';
import { ROLES, type Role } from '../../http/principal';
import { IsAddress, IsOneLine } from './text-fields';

const IfPresent = (field: keyof UpdateUserDto): PropertyDecorator =>
  ValidateIf((dto: UpdateUserDto) => dto[field] !== undefined);

/** What stays out is left as it is. A username never changes. */
export class UpdateUserDto {
  @ApiPropertyOptional({ format: 'email' })
  @IfPresent('email')
  @IsAddress()
  readonly email?: string;

  @ApiPropertyOptional({
    enum: ROLES,
    description: 'Counts from the next request on; ends the sessions of the account',
  })
  @IfPresent('role')
  @IsIn(ROLES)
  readonly role?: Role;

  @ApiPropertyOptional()
  @IfPresent('full_name')
  @IsOneLine()
  readonly full_name?: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf((dto: UpdateUserDto) => dto.organization != null)
  @IsOneLine()
  readonly organization?: string | null;
}
