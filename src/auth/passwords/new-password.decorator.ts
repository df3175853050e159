import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { MAX_CODE_POINTS, MIN_CODE_POINTS } from './password-policy';

/** NUL and lone surrogates: texts that not every system stores and compares alike. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

const isNewPassword = (value: unknown): boolean => {
  if (typeof value !== 'string' || UNSTORABLE.test(value)) return false;
  const codePoints = Array.from(value).length;
  return codePoints >= MIN_CODE_POINTS && codePoints <= MAX_CODE_POINTS;
};

/** NIST SP 800-63B-4 for a single factor: 15 to 256 code points, no rules of composition. */
export const IsNewPassword = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ format: 'password', minLength: MIN_CODE_POINTS, maxLength: MAX_CODE_POINTS }),
    ValidateBy({
      name: 'isNewPassword',
      validator: {
        validate: isNewPassword,
        defaultMessage: () => `must be a text of ${MIN_CODE_POINTS} to ${MAX_CODE_POINTS} characters`,
      },
    }),
  );
