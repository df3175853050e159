import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString, Length, Matches, MaxLength, ValidateBy } from 'class-validator';
import { foldUsername, isUsername } from './username';

const ONE_LINE = /^[^\p{Cc}\p{Surrogate}]*$/u;

export const IsOneLine = (): PropertyDecorator =>
  applyDecorators(IsString(), Length(1, 200), Matches(ONE_LINE, { message: 'must be one line of text' }));

export const IsAddress = (): PropertyDecorator => applyDecorators(IsEmail(), MaxLength(254));

const USERNAME_RULE =
  '2 to 64 letters of one script (Latin, Greek or Cyrillic), digits, dots, underscores and hyphens; case does not count';

export const IsUsername = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ description: USERNAME_RULE }),
    IsString(),
    MaxLength(256),
    ValidateBy({
      name: 'isUsername',
      validator: {
        validate: (value) => typeof value === 'string' && isUsername(foldUsername(value)),
        defaultMessage: () => `must be ${USERNAME_RULE}`,
      },
    }),
  );
