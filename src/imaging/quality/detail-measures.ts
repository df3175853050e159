import type { Image } from '../image';
import { resizeByArea } from '../resize/resize';
import type { Displayed } from './foreground';

const LONG_EDGE = 512;
/** Of rounding to whole levels. */
const ROUNDING_VARIANCE = 1 / 12;
/** A ratio of 2^16 between directions says no more than a larger one. */
const MAX_ANISOTROPY = 16;

export interface Details {
  /**
   * Standard deviation of Gaussian noise, in P levels; texture and edges raise it a little.
   * Immerkaer, CVIU 64(2):300-302, 1996.
   */
  readonly noiseSigma: number;
  /**
   * Variance of the Laplacian [0 1 0; 1 -4 1; 0 1 0] (Pech-Pacheco, ICPR 2000) over the variance of the image:
   * independent of contrast. null where less variance is left than rounding to whole levels makes.
   */
  readonly sharpness: number | null;
  /**
   * |log2| of the ratio between the mean squared second differences across two directions at a right angle, the larger
   * of along rows against columns and of the two diagonals: movement along a line blurs one direction alone.
   * null where nothing changes in any direction.
   */
  readonly anisotropy: number | null;
}

/** One pass over all pixels that have eight neighbours and whose mask is 1; null where there are none. */
export function measureDetails(
  { data, width, height }: Displayed,
  inner: Uint8Array | undefined,
): Details | null {
  const origin = data[0]!;
  let count = 0;
  let sum = 0;
  let squares = 0;
  let responses = 0;
  let edges = 0;
  let edgeSquares = 0;
  let across = 0;
  let down = 0;
  let falling = 0;
  let rising = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1, end = (y + 1) * width - 1; at < end; at++) {
      if (inner !== undefined && inner[at] === 0) continue;
      const value = data[at]!;
      const twice = 2 * value;
      const xx = data[at - 1]! - twice + data[at + 1]!;
      const yy = data[at - width]! - twice + data[at + width]!;
      const toLowerRight = data[at - width - 1]! - twice + data[at + width + 1]!;
      const toUpperRight = data[at + width - 1]! - twice + data[at - width + 1]!;
      const laplacian = xx + yy;
      count++;
      sum += value - origin;
      squares += (value - origin) * (value - origin);
      // Immerkaer's mask [1 -2 1; -2 4 -2; 1 -2 1].
      responses += Math.abs(toLowerRight + toUpperRight - 2 * laplacian);
      edges += laplacian;
      edgeSquares += laplacian * laplacian;
      across += xx * xx;
      down += yy * yy;
      falling += toLowerRight * toLowerRight;
      rising += toUpperRight * toUpperRight;
    }
  }
  if (count === 0) return null;
  const variance = squares / count - (sum / count) ** 2;
  const edgeVariance = Math.max(0, edgeSquares / count - (edges / count) ** 2);
  return {
    noiseSigma: (Math.sqrt(Math.PI / 2) * responses) / (6 * count),
    sharpness: variance < ROUNDING_VARIANCE ? null : edgeVariance / variance,
    anisotropy: across + down === 0 ? null : Math.max(octaves(across, down), octaves(falling, rising)),
  };
}

const octaves = (a: number, b: number): number =>
  a === b ? 0 : Math.min(MAX_ANISOTROPY, Math.abs(Math.log2(a / b)));

/** Sharpness is compared at one scale: the long edge is reduced to 512 pixels, each the mean of its area. */
export function atSharpnessScale(displayed: Displayed): Displayed {
  const image: Image = { ...displayed, channels: 1 };
  const factor = Math.max(image.width, image.height) / LONG_EDGE;
  if (factor <= 1) return displayed;
  return resizeByArea(image, Math.round(image.width / factor), Math.round(image.height / factor));
}
