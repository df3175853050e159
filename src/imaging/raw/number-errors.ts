import { DomainError } from '../../errors/domain.error';
import { MAX_VALUES } from '../bounds';

export const malformedNumber = (index: number): DomainError =>
  new DomainError('REQUEST_MALFORMED_JSON', undefined, {
    errors: [{ field: `data[${index}]`, message: 'expected a JSON number' }],
  });

/** JSON of another type is another mistake than text that is no JSON at all, such as NaN. */
export function notANumber(text: string, index: number): DomainError {
  if (!/^(["[{]|(null|true|false)\b)/.test(text)) return malformedNumber(index);
  return new DomainError('VALIDATION_FAILED', undefined, {
    errors: [{ field: `data[${index}]`, message: 'expected a number; data is a flat array of numbers' }],
  });
}

/** `limit`: what the declared size asks for, or MAX_VALUES where no size is declared. */
export const tooManyNumbers = (limit: number): DomainError =>
  new DomainError(limit < MAX_VALUES ? 'IMAGE_DATA_LENGTH' : 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS');
