import { ValidateBy, type ValidationArguments } from 'class-validator';

/** The end of a range of times. One that ends before it begins would find nothing, as if nothing were there. */
export const NotBefore = (start: string): PropertyDecorator =>
  ValidateBy({
    name: 'notBefore',
    validator: {
      validate: (end: string, args?: ValidationArguments) =>
        !(Date.parse(end) < Date.parse((args?.object as Record<string, string>)[start] ?? '')),
      defaultMessage: () => `must not be before ${start}`,
    },
  });
