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

@ValidatorConstraint()
export class IsThresholds implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (!isObject(value)) return false;
    const entries = Object.entries(value);
    return (
      entries.length <= MAX_METRICS &&
      entries.every(
        ([name, limits]) => /^[a-z0-9_]{1,64}$/.test(name) && (limits === null || areLimits(limits)),
      )
    );
  }

  defaultMessage(): string {
    return 'must give each metric null or an object of fail_below, warn_below, warn_above, fail_above';
  }
}
