import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { isCidr } from './cidr';
import { assertionKey } from './service-key';

export const KEY_KINDS = ['api_key', 'public_key'] as const;
const MAX_DAYS = 365;

export class CreateServiceKeyDto {
  @ApiProperty({
    enum: KEY_KINDS,
    description: 'An `mf_…` secret that we make, or a public key that you made',
  })
  @IsIn(KEY_KINDS)
  readonly kind: (typeof KEY_KINDS)[number];

  @ApiProperty({ description: 'What the key is for' })
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{Cc}\p{Surrogate}]*$/u, { message: 'must be one line of text' })
  readonly name: string;

  @ApiPropertyOptional({ minimum: 1, maximum: MAX_DAYS, default: MAX_DAYS })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_DAYS)
  readonly expires_in_days: number = MAX_DAYS;

  @ApiPropertyOptional({
    type: [String],
    example: ['10.20.0.0/16'],
    description: 'From where an api_key counts',
  })
  @ValidateIf(
    ({ kind, allowed_cidrs }: CreateServiceKeyDto) => kind !== 'api_key' || allowed_cidrs !== undefined,
  )
  @ValidateBy({
    name: 'onlyForApiKeys',
    validator: {
      validate: (value, args) =>
        value === undefined || (args!.object as CreateServiceKeyDto).kind === 'api_key',
      defaultMessage: () => 'is for keys of kind api_key',
    },
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateBy(
    {
      name: 'isCidr',
      validator: {
        validate: (value) => typeof value === 'string' && isCidr(value),
        defaultMessage: () => 'must be address ranges such as 10.20.0.0/16 or 2001:db8::/32',
      },
    },
    { each: true },
  )
  readonly allowed_cidrs?: readonly string[];

  @ApiPropertyOptional({ description: 'kind public_key: SPKI in PEM, P-256 or RSA of at least 2,048 bits' })
  @ValidateIf(
    ({ kind, public_key }: CreateServiceKeyDto) => kind === 'public_key' || public_key !== undefined,
  )
  @IsString()
  @MaxLength(4_000)
  @ValidateBy({
    name: 'isAssertionKey',
    validator: {
      validate: (value, args) =>
        (args!.object as CreateServiceKeyDto).kind === 'public_key' &&
        typeof value === 'string' &&
        assertionKey(value) !== undefined,
      defaultMessage: () =>
        'must be a public key in PEM, P-256 or RSA of at least 2,048 bits, for kind public_key',
    },
  })
  readonly public_key?: string;
}
