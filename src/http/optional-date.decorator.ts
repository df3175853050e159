import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, Matches } from 'class-validator';

const message = 'must be a date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31';

/** A calendar date without a time. */
export const OptionalDate = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ format: 'date' }),
    IsOptional(),
    Matches(/^(19|20|21)\d{2}-\d{2}-\d{2}$/, { message }),
    IsISO8601({ strict: true }, { message }),
  );
