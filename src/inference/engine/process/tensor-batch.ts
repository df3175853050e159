import { elementCount } from '../protocol/tensor-encoding';
import type { Feed, Output, TensorData } from './onnx-runtime';

/** Tensors of one image each as one tensor, one after the other. */
export function stacked(feeds: readonly Feed[]): Feed {
  const [{ type, data, dims }] = feeds as [Feed];
  if (feeds.length === 1) return { type, data, dims };
  const [first = 1, ...rest] = dims;
  return { type, data: concat(feeds.map((feed) => feed.data)), dims: [first * feeds.length, ...rest] };
}

/**
 * The outputs of each of `count` images.
 * @returns undefined when the first axis of an output does not count the images
 */
export function unstacked(outputs: readonly Output[], count: number): Output[][] | undefined {
  if (count === 1) return [[...outputs]];
  if (outputs.some(({ dims }) => dims[0] !== count)) return undefined;
  return Array.from({ length: count }, (_, image) =>
    outputs.map(({ name, type, data, dims: [, ...rest] }) => {
      const step = elementCount(rest);
      return {
        name,
        type,
        data: data.slice(image * step, (image + 1) * step),
        dims: [1, ...rest],
      };
    }),
  );
}

function concat(parts: readonly TensorData[]): TensorData {
  const [first] = parts as [TensorData];
  if (Array.isArray(first)) return parts.flat() as string[];
  const all = new (first.constructor as Uint8ArrayConstructor)(first.length * parts.length);
  for (const [i, part] of parts.entries()) all.set(part as Uint8Array, i * first.length);
  return all as TensorData;
}
