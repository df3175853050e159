import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { DomainError, type FieldError } from '../errors/domain.error';

type Constructor<T extends object> = new () => T;

/**
 * A validated instance of `Dto`. Unknown fields are refused, not dropped.
 * @throws DomainError VALIDATION_FAILED naming each bad field, never its value
 */
export function validated<T extends object>(Dto: Constructor<T>, plain: unknown): T {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new DomainError('VALIDATION_FAILED', 'The body must be a JSON object');
  }
  const unusable = Object.entries(plain).flatMap(unusableField);
  if (unusable.length > 0) throw new DomainError('VALIDATION_FAILED', undefined, { errors: unusable });
  const dto = plainToInstance(Dto, plain);
  const errors = validateSync(dto, { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true });
  if (errors.length > 0) {
    throw new DomainError('VALIDATION_FAILED', undefined, {
      errors: errors.flatMap((error) => fieldErrors(error)),
    });
  }
  return dto;
}

/** NUL and lone surrogates, which PostgreSQL cannot store, and names that would reach an object's prototype. */
function unusableField([name, value]: [string, unknown]): FieldError[] {
  if (['__proto__', 'constructor', 'prototype'].includes(name)) {
    return [{ field: '(unreadable name)', message: 'is not a known field' }];
  }
  const isText = typeof value !== 'string' || (!value.includes('\0') && !/\p{Surrogate}/u.test(value));
  return isText ? [] : [{ field: readable(name), message: 'must be text without NUL and lone surrogates' }];
}

const readable = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) ? name : '(unreadable name)';

function fieldErrors(
  { property, constraints = {}, children = [] }: ValidationError,
  parent = '',
): FieldError[] {
  const field = `${parent}${readable(property)}`;
  const own = Object.entries(constraints).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : message.replace(`${property} `, ''),
  }));
  return [...own, ...children.flatMap((child) => fieldErrors(child, `${field}.`))];
}

/** `validated` for every `@Body()`, `@Query()` and `@Param()` whose type is a DTO class. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    const isDto =
      metatype !== undefined && ![String, Number, Boolean, Array, Object].includes(metatype as never);
    return isDto && type !== 'custom' ? validated(metatype as Constructor<object>, value ?? {}) : value;
  }
}
