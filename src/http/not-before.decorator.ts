import { ValidateBy, type ValidationArguments } from 'class-validator';

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
