import type { Element, NestedArray, TensorDescription } from '../inference-engine';
import { elementCount } from '../protocol/tensor-encoding';
import { inputValues, isInputType } from './input-values';
import type { Feed } from './onnx-runtime';

/** More than an image has is no constant. */
const MAX_ELEMENTS = 2 ** 24;

/**
 * An input that the manifest gives a value. One element fills the tensor; arrays in arrays give their own dimensions;
 * a flat array fills the dimensions of the model, where a free one counts as 1.
 * @returns undefined when the value does not fit the model's type and shape
 */
export function constantFeed(value: NestedArray, { type, shape }: TensorDescription): Feed | undefined {
  const elements = flat(value);
  const dims = Array.isArray(value) && depthOf(value) === shape.length ? lengthsOf(value) : shape.map(fixed);
  const count = elementCount(dims);
  const fits = shape.every((axis, i) => typeof axis === 'string' || axis === dims[i]);
  if (!fits || count > MAX_ELEMENTS) return undefined;
  const all = elements.length === 1 ? Array<Element>(count).fill(elements[0]!) : elements;
  const data = all.length === count ? dataOf(all, type) : undefined;
  return data && { type, data, dims };
}

function dataOf(elements: readonly Element[], type: string): Feed['data'] | undefined {
  try {
    if (type === 'string')
      return elements.every((element) => typeof element === 'string') ? [...elements] : undefined;
    if (type === 'int64') return exact(BigInt64Array.from(elements, BigInt), elements);
    if (type === 'uint64') return exact(BigUint64Array.from(elements, BigInt), elements);
    if (elements.some((element) => typeof element === 'string') || !isInputType(type)) return undefined;
    return inputValues(Float64Array.from(elements, Number), type);
  } catch {
    return undefined;
  }
}

/** undefined where an element was wrapped around. */
function exact<Wide extends BigInt64Array | BigUint64Array>(
  data: Wide,
  elements: readonly Element[],
): Wide | undefined {
  return elements.every((element, i) => BigInt(element) === data[i]) ? data : undefined;
}

const flat = (value: NestedArray): Element[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);

const fixed = (axis: number | string): number => (typeof axis === 'number' ? axis : 1);

const depthOf = (value: NestedArray): number => (Array.isArray(value) ? 1 + depthOf(value[0] ?? 0) : 0);

const lengthsOf = (value: NestedArray): number[] =>
  Array.isArray(value) ? [value.length, ...lengthsOf(value[0] ?? 0)] : [];
