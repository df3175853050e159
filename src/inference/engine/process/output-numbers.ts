import { DomainError } from '../../../errors/domain.error';
import { elements, MAX_ANSWER_BYTES } from '../protocol/engine-protocol';
import type { Output } from './onnx-runtime';

const MAX_AXES = 8;

/**
 * All numbers of an output in double precision.
 * @throws DomainError MODEL_OUTPUT_INVALID on NaN, Infinity and integers that a double does not hold
 */
export function numbersOf({ data }: Pick<Output, 'data'>): Float64Array {
  if (Array.isArray(data)) throw new DomainError('MODEL_OUTPUT_INVALID');
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const numbers = wide ? Float64Array.from(data, Number) : new Float64Array(data);
  const valid = wide ? Number.isSafeInteger : Number.isFinite;
  if (!numbers.every((value) => valid(value))) throw new DomainError('MODEL_OUTPUT_INVALID');
  return numbers;
}

/**
 * An axis of length 0 counts as 1: the nested arrays around nothing take memory too.
 * @throws DomainError MODEL_OUTPUT_INVALID when the outputs are more than a server should hold
 */
export function assertAnswerFits(outputs: readonly Pick<Output, 'dims'>[]): void {
  const sizes = outputs.map(({ dims }) => elements(dims.map((dim) => Math.max(dim, 1))) * 8);
  // the scores repeat one output, therefore twice
  const bytes = 2 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MAX_ANSWER_BYTES || outputs.some(({ dims }) => dims.length > MAX_AXES)) {
    throw new DomainError('MODEL_OUTPUT_INVALID', 'The model returned more numbers than an answer may hold');
  }
}
