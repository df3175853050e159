import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, Matches, ValidateBy, type ValidationArguments } from 'class-validator';

const message = 'must be a date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31';

/** A calendar date without a time. */
export const OptionalDate = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ format: 'date' }),
    IsOptional(),
    Matches(/^(19|20|21)\d{2}-\d{2}-\d{2}$/, { message }),
    IsISO8601({ strict: true }, { message }),
  );

/** The end of a range of times. One that ends before it begins would find nothing, as if nothing were there. */
export const NotBefore = (start: string): PropertyDecorator =>
  ValidateBy({
    name: 'notBefore',
    validator: {
      validate: (end: string, args?: ValidationArguments) => {
        const begin = (args?.object as Record<string, string> | undefined)?.[start] ?? '';
        return !(Date.parse(end) < Date.parse(begin));
      },
      defaultMessage: () => `must not be before ${start}`,
    },
  });
