import type { ImagePixel } from '../pixels/image-pixel';

/** The bits of each cell that High Bit and Bits Stored name (PS3.5 8.1.1); overlays or garbage in the others are gone. */
export function storedIndices(cells: Uint16Array, { highBit, bitsStored }: ImagePixel): Uint16Array {
  const shift = highBit + 1 - bitsStored;
  const mask = 2 ** bitsStored - 1;
  if (shift === 0 && mask === 0xffff) return cells;
  const indices = new Uint16Array(cells.length);
  for (let i = 0; i < indices.length; i++) indices[i] = (cells[i]! >> shift) & mask;
  return indices;
}

/** Two's complement where Pixel Representation is 1. */
export const storedValue = (index: number, { bitsStored, signed }: ImagePixel): number =>
  signed && index >= 2 ** (bitsStored - 1) ? index - 2 ** bitsStored : index;

/** Values by the table of all that a stored value can become. */
export function mapped(indices: Uint16Array, table: Float32Array): Float32Array {
  const data = new Float32Array(indices.length);
  for (let i = 0; i < data.length; i++) data[i] = table[indices[i]!]!;
  return data;
}
