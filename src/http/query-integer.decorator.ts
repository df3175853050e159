import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** A decimal integer of the query string. `0x10`, `1e3`, ` 1` and repeated parameters are refused. */
export function QueryInteger(min: number, max: number, fallback?: number): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: min, maximum: max, default: fallback }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      /^\d{1,15}$/.test(String(value)) && !Array.isArray(value) ? Number(value) : NaN,
    ),
    IsInt({ message: `must be an integer from ${min} to ${max}` }),
    Min(min, { message: `must be at least ${min}` }),
    Max(max, { message: `must be at most ${max}` }),
  );
}
