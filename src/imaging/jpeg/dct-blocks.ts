import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import { InverseDct } from './inverse-dct';

/** T.81 figure A.6: position in the file → position in the block, row by row. */
// prettier-ignore
export const ZIGZAG = Uint8Array.of(
   0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
);

/** Largest category of a DC difference and of an AC coefficient (T.81 F.1.2.1.2 and F.1.2.2.1). */
export const MAX_CATEGORY: Readonly<Record<number, { readonly dc: number; readonly ac: number }>> = {
  8: { dc: 11, ac: 10 },
  12: { dc: 15, ac: 14 },
};

/** The quantised coefficients of a component, 64 a block, blocks row by row, those that complete an MCU included. */
export interface Coefficients {
  readonly blocksWide: number;
  readonly data: Int16Array;
  /** Of each block: where in the file its last coefficient stands that is not 0. */
  readonly last: Uint8Array;
}

/** The samples of a component, at its own resolution, in whole blocks. */
export interface Plane {
  readonly stride: number;
  readonly data: Uint16Array;
}

export function emptyCoefficients({ components, mcusWide, mcusHigh }: JpegFrame): Coefficients[] {
  return components.map(({ h, v }) => {
    const blocksWide = mcusWide * h;
    const blocks = blocksWide * mcusHigh * v;
    return { blocksWide, data: new Int16Array(blocks * 64), last: new Uint8Array(blocks) };
  });
}

export function emptyPlanes({ components, mcusWide, mcusHigh }: JpegFrame): Plane[] {
  return components.map(({ h, v }) => {
    const stride = mcusWide * h * 8;
    return { stride, data: new Uint16Array(stride * mcusHigh * v * 8) };
  });
}

/** @param divisors of the component, in zigzag order */
export function inverseDct(divisors: Uint16Array, precision: number): InverseDct {
  const factors = new Int32Array(64);
  for (let k = 0; k < 64; k++) factors[ZIGZAG[k]!] = divisors[k]!;
  return new InverseDct(factors, precision);
}

/** Samples of a whole component. */
export function fillPlane({ data, stride }: Plane, coefficients: Coefficients, dct: InverseDct): void {
  const { data: blocks, last, blocksWide } = coefficients;
  for (let block = 0; block < last.length; block++) {
    const column = block % blocksWide;
    const row = (block - column) / blocksWide;
    dct.transform(blocks, block * 64, last[block]!, data, (row * stride + column) * 8, stride);
  }
}

/**
 * The largest values that the coefficients of a component can have, in zigzag order: no DCT coefficient of samples
 * within 2^precision exceeds 8 times half of that, but an encoder may round by a step or two.
 * @throws DomainError IMAGE_CORRUPT without a quantisation table
 */
export function largestCoefficients(divisors: Uint16Array | undefined, precision: number): Int32Array {
  if (divisors === undefined) throw corruptJpeg('a quantisation table is missing');
  return Int32Array.from(divisors, (divisor) => Math.ceil(2 ** (precision + 2) / divisor) + 2);
}
