import { DomainError } from '../../../errors/domain.error';
import { MAX_ANSWER_BYTES } from '../protocol/engine-protocol';
import { elementCount, type Encoding, type NumberArray } from '../protocol/tensor-encoding';
import { fromFloat16 } from './float16';
import type { Output } from './onnx-runtime';

/** Elements of an output as they are sent: numbers that are finite, booleans, or JSON for what a double does not hold. */
export interface OutputValues {
  readonly encoding: Encoding;
  readonly data: NumberArray;
}

const MAX_AXES = 8;

/**
 * @throws DomainError MODEL_OUTPUT_INVALID on NaN and Infinity, which JSON does not know, and on a type that is no
 * tensor of numbers, booleans or strings
 */
export function valuesOf({ type, data }: Pick<Output, 'type' | 'data'>): OutputValues {
  switch (type) {
    case 'float16':
      return finite('float32', fromFloat16(bitsOf(data as Uint16Array)));
    case 'float32':
    case 'float64':
      return finite(type, data as Float32Array | Float64Array);
    case 'int64':
    case 'uint64':
      return wide(data as BigInt64Array | BigUint64Array);
    case 'string':
      return json(data as string[]);
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'bool':
      return { encoding: type, data: data as NumberArray };
    default:
      throw new DomainError('MODEL_OUTPUT_INVALID');
  }
}

/**
 * The numbers that are judged.
 * @throws DomainError MODEL_OUTPUT_INVALID when they are no numbers that a double holds
 */
export function numbersOf({ encoding, data }: OutputValues): Float64Array {
  if (encoding === 'json') throw new DomainError('MODEL_OUTPUT_INVALID');
  return new Float64Array(data);
}

/**
 * An axis of length 0 counts as 1: the nested arrays around nothing take memory too.
 * @throws DomainError MODEL_OUTPUT_INVALID when the outputs are more than a server should hold
 */
export function assertAnswerFits(outputs: readonly Pick<Output, 'dims'>[]): void {
  const sizes = outputs.map(({ dims }) => elementCount(dims.map((dim) => Math.max(dim, 1))) * 8);
  // the scores repeat one output, therefore twice
  const bytes = 2 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MAX_ANSWER_BYTES || outputs.some(({ dims }) => dims.length > MAX_AXES)) throw tooLarge();
}

function finite(encoding: 'float32' | 'float64', data: Float32Array | Float64Array): OutputValues {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) throw new DomainError('MODEL_OUTPUT_INVALID');
  }
  return { encoding, data };
}

function wide(data: BigInt64Array | BigUint64Array): OutputValues {
  const numbers = Float64Array.from(data, Number);
  if (numbers.every((value) => Number.isSafeInteger(value))) return { encoding: 'float64', data: numbers };
  return json(
    Array.from(data, (value, i) => (Number.isSafeInteger(numbers[i]) ? numbers[i] : String(value))),
  );
}

function json(elements: readonly unknown[]): OutputValues {
  const data = Buffer.from(JSON.stringify(elements));
  if (data.length > MAX_ANSWER_BYTES / 2) throw tooLarge();
  return { encoding: 'json', data };
}

/** The runtime gives Float16Array where the platform has it. */
const bitsOf = ({ buffer, byteOffset, length }: Uint16Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, length);

const tooLarge = (): DomainError =>
  new DomainError('MODEL_OUTPUT_INVALID', 'The model returned more than an answer may hold');
