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

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype'];
/** Nothing that is asked for is nested as deep; recursion over what a sender nests must end. */
const MAX_DEPTH = 16;

/** What could not be stored, would reach an object's prototype or exhaust the stack, however deep it lies. */
function unusableField([name, value]: [string, unknown]): FieldError[] {
  if (PROTOTYPE_NAMES.includes(name)) {
    return [{ field: '(unreadable name)', message: 'is not a known field' }];
  }
  if (isUsable(value, 0)) return [];
  const message =
    typeof value === 'string'
      ? 'must be text without NUL and lone surrogates'
      : 'must not be nested so deep, nor hold NUL, lone surrogates or names of a prototype';
  return [{ field: readable(name), message }];
}

/** NUL and lone surrogates PostgreSQL cannot store; class-transformer calls what is called `constructor`. */
function isUsable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isUsable(item, depth + 1));
  return Object.entries(value).every(
    ([name, inner]) => !PROTOTYPE_NAMES.includes(name) && isUsable(inner, depth + 1),
  );
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
    message: rule === 'whitelistValidation' ? 'is not a known field' : withoutName(message, property),
  }));
  return [...own, ...children.flatMap((child) => fieldErrors(child, `${field}.`))];
}

const withoutName = (message: string, property: string): string =>
  message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;

/** `validated` for every `@Body()`, `@Query()` and `@Param()` whose type is a DTO class. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    const isDto =
      metatype !== undefined && ![String, Number, Boolean, Array, Object].includes(metatype as never);
    return isDto && type !== 'custom' ? validated(metatype as Constructor<object>, value ?? {}) : value;
  }
}
