import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';

type Limits = Readonly<Partial<Record<'fail_below' | 'warn_below' | 'warn_above' | 'fail_above', number>>>;

/** Quality limits by metric; null: not assessed. */
export type Thresholds = Readonly<Record<string, Limits | null>>;

const LIMITS: ReadonlySet<string> = new Set(['fail_below', 'warn_below', 'warn_above', 'fail_above']);
const MAX_METRICS = 64;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const areLimits = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(([name, limit]) => LIMITS.has(name) && Number.isFinite(limit));

const areThresholds = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).length <= MAX_METRICS &&
  Object.entries(value).every(
    ([name, limits]) => /^[a-z0-9_]{1,64}$/.test(name) && (limits === null || areLimits(limits)),
  );

@ValidatorConstraint()
export class IsThresholds implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return areThresholds(value);
  }

  defaultMessage(): string {
    return 'must give each metric null or an object of fail_below, warn_below, warn_above, fail_above';
  }
}

@ValidatorConstraint()
export class IsThresholdsByModality implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      isObject(value) &&
      Object.keys(value).length <= MAX_METRICS &&
      Object.entries(value).every(([name, limits]) => /^[A-Z0-9_]{1,16}$/.test(name) && areThresholds(limits))
    );
  }

  defaultMessage(): string {
    return 'must give each modality its thresholds';
  }
}
