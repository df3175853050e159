import type { FieldError } from '../errors/domain.error';
import type { GoldenSample, NestedNumbers } from './manifest';

const MAX_SAMPLES = 32;
const MAX_TENSOR_DEPTH = 8;
const INPUT_FIELDS: ReadonlySet<string> = new Set(['image', 'data', 'width', 'height', 'channels']);
const SAMPLE_FIELDS: ReadonlySet<string> = new Set(['input', 'output', 'tolerance']);

type Plain = Readonly<Record<string, unknown>>;

/** What is wrong with `golden` of a manifest, field by field. */
export function goldenErrors(golden: unknown): FieldError[] {
  if (!Array.isArray(golden)) return [{ field: 'golden', message: 'must be an array' }];
  if (golden.length > MAX_SAMPLES) {
    return [{ field: 'golden', message: `must hold at most ${MAX_SAMPLES} samples` }];
  }
  return golden.flatMap((sample: unknown, index) => sampleErrors(sample, `golden.${index}`));
}

/** The largest absolute difference from what the sample asks for, or what makes the two incomparable. */
export function deviation(
  wanted: GoldenSample['output'],
  outputs: Readonly<Record<string, unknown>>,
): number | string {
  let largest = 0;
  for (const [name, expected] of Object.entries(wanted)) {
    if (!Object.hasOwn(outputs, name)) return 'the model has no such output';
    const difference = nestedDifference(expected, outputs[name]);
    if (difference === undefined) return 'the output has another shape';
    largest = Math.max(largest, difference);
  }
  return largest;
}

function sampleErrors(sample: unknown, field: string): FieldError[] {
  if (!isObject(sample)) return [{ field, message: 'must be an object' }];
  const { input, output, tolerance } = sample;
  const error = (name: string, message: string): FieldError => ({ field: `${field}.${name}`, message });
  return [
    ...(hasOnly(sample, SAMPLE_FIELDS) ? [] : [{ field, message: 'holds a field that is not known' }]),
    ...inputErrors(input).map((message) => error('input', message)),
    ...(isOutput(output) ? [] : [error('output', 'must map output names to nested arrays of numbers')]),
    ...(typeof tolerance === 'number' && tolerance >= 0
      ? []
      : [error('tolerance', 'must be a number that is not negative')]),
  ];
}

function inputErrors(input: unknown): string[] {
  if (!isObject(input)) return ['must be an object'];
  const { image, data, width, height, channels } = input;
  const isImage = typeof image === 'string' && image !== '' && data === undefined;
  const isData = isNumbers(data) && image === undefined;
  const sizes = [width, height, channels].every((size) => size === undefined || isSize(size));
  return [
    ...(hasOnly(input, INPUT_FIELDS) ? [] : ['holds a field that is not known']),
    ...(isImage || isData ? [] : ['must hold `image`, a base64 text, or `data`, an array of numbers']),
    ...(sizes ? [] : ['must have whole numbers as width, height and channels']),
  ];
}

const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const hasOnly = (value: Plain, fields: ReadonlySet<string>): boolean =>
  Object.keys(value).every((name) => fields.has(name));
const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');
const isSize = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

const isOutput = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).length > 0 &&
  Object.values(value).every((tensor) => isTensor(tensor, MAX_TENSOR_DEPTH));

function isTensor(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return true;
  return Array.isArray(value) && depth > 0 && value.every((item) => isTensor(item, depth - 1));
}

/** Undefined where the two have different shapes. Integers that a double does not hold come as text. */
function nestedDifference(expected: NestedNumbers, actual: unknown): number | undefined {
  if (typeof expected === 'number') {
    const number = Array.isArray(actual) ? NaN : Number(actual);
    return Number.isNaN(number) ? undefined : Math.abs(expected - number);
  }
  if (!Array.isArray(actual) || actual.length !== expected.length) return undefined;
  let largest = 0;
  for (const [index, item] of expected.entries()) {
    const difference = nestedDifference(item, actual[index]);
    if (difference === undefined) return undefined;
    largest = Math.max(largest, difference);
  }
  return largest;
}
