import { Param, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { DomainError } from '../errors/domain.error';

class UuidPipe implements PipeTransform<string, string> {
  constructor(private readonly name: string) {}

  transform(value: string): string {
    if (isUUID(value)) return value.toLowerCase();
    throw new DomainError('VALIDATION_FAILED', undefined, {
      errors: [{ field: this.name, message: 'must be a UUID' }],
    });
  }
}

/** A path parameter that is an id. */
export const UuidParam = (name: string): ParameterDecorator => Param(name, new UuidPipe(name));
