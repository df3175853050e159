import type { Element, NestedArray } from '../inference-engine';

/** How the elements of a tensor stand in a payload, all little-endian; `json` is the text of a flat array. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
  json: Uint8Array,
};

export type Encoding = keyof typeof ARRAYS;
export type NumberArray =
  Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

export interface TensorHeader {
  readonly name?: string;
  readonly dims: readonly number[];
  readonly encoding: Encoding;
  readonly bytes: number;
}

const BOUNDARY = 8;

/** Bytes up to the next boundary. */
const padding = (bytes: number): number => -bytes & (BOUNDARY - 1);

/** The parts of a payload with what must stand between them, so that each begins on a boundary. */
export function aligned(parts: readonly Uint8Array[]): Uint8Array[] {
  return parts.flatMap((part) => {
    const gap = padding(part.byteLength);
    return gap === 0 ? [part] : [part, new Uint8Array(gap)];
  });
}

export const elementCount = (dims: readonly number[]): number =>
  dims.reduce((product, dim) => product * dim, 1);

/** Takes the parts out of a payload, each as a view. */
export class TensorReader {
  private offset = 0;

  constructor(private readonly payload: Uint8Array<ArrayBuffer>) {}

  next(bytes: number): Uint8Array<ArrayBuffer> {
    const part = this.payload.subarray(this.offset, this.offset + bytes);
    this.offset += bytes + padding(bytes);
    return part;
  }
}

export function elementsOf({ encoding, bytes }: TensorHeader, reader: TensorReader): ArrayLike<Element> {
  const part = reader.next(bytes);
  if (encoding === 'json') return JSON.parse(Buffer.from(part).toString()) as Element[];
  if (encoding === 'bool') return Array.from(part, Boolean);
  const array = ARRAYS[encoding];
  return new array(part.buffer, part.byteOffset, bytes / array.BYTES_PER_ELEMENT);
}

/** Row-major elements as arrays in arrays. */
export function nested(elements: ArrayLike<Element>, dims: readonly number[]): NestedArray {
  let next = 0;
  const level = (axis: number): NestedArray => {
    if (axis === dims.length) return elements[next++]!;
    const array: NestedArray[] = [];
    for (let i = 0; i < dims[axis]!; i++) array.push(level(axis + 1));
    return array;
  };
  return level(0);
}
