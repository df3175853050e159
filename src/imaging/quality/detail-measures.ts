import type { Image } from '../image';
import { resizeByArea } from '../resize/resize';
import type { Displayed } from './foreground';

const LONG_EDGE = 512;
/** Of rounding to whole levels. */
const ROUNDING_VARIANCE = 1 / 12 / 255 ** 2;
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

/**
 * One pass over the pixels of `runs` (see `innerRuns`); null where there are none. The nine pixels of a neighbourhood
 * move along with it, so that each is read once a row.
 */
export function measureDetails({ data, width }: Displayed, runs: readonly number[]): Details | null {
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
  for (let run = 0; run < runs.length; run += 2) {
    const from = runs[run]!;
    const to = runs[run + 1]!;
    count += to - from;
    let upperLeft = data[from - width - 1]!;
    let left = data[from - 1]!;
    let lowerLeft = data[from + width - 1]!;
    let above = data[from - width]!;
    let value = data[from]!;
    let below = data[from + width]!;
    for (let next = from + 1; next <= to; next++) {
      const upperRight = data[next - width]!;
      const right = data[next]!;
      const lowerRight = data[next + width]!;
      const twice = 2 * value;
      const xx = left - twice + right;
      const yy = above - twice + below;
      const toLowerRight = upperLeft - twice + lowerRight;
      const toUpperRight = lowerLeft - twice + upperRight;
      const laplacian = xx + yy;
      sum += value - origin;
      squares += (value - origin) * (value - origin);
      // Immerkaer's mask [1 -2 1; -2 4 -2; 1 -2 1]
      responses += Math.abs(toLowerRight + toUpperRight - 2 * laplacian);
      edges += laplacian;
      edgeSquares += laplacian * laplacian;
      across += xx * xx;
      down += yy * yy;
      falling += toLowerRight * toLowerRight;
      rising += toUpperRight * toUpperRight;
      upperLeft = above;
      left = value;
      lowerLeft = below;
      above = upperRight;
      value = right;
      below = lowerRight;
    }
  }
  if (count === 0) return null;
  const variance = squares / count - (sum / count) ** 2;
  const edgeVariance = Math.max(0, edgeSquares / count - (edges / count) ** 2);
  return {
    noiseSigma: sigmaOf(responses, count),
    sharpness: variance < ROUNDING_VARIANCE ? null : edgeVariance / variance,
    anisotropy: across + down === 0 ? null : Math.max(octaves(across, down), octaves(falling, rising)),
  };
}

/**
 * `noiseSigma` alone: Immerkaer's mask is the second difference along rows of the second differences along columns.
 * null where there are no pixels.
 */
export function measureNoise({ data, width }: Displayed, runs: readonly number[]): number | null {
  let count = 0;
  let responses = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const from = runs[run]!;
    const to = runs[run + 1]!;
    count += to - from;
    let left = data[from - width - 1]! - 2 * data[from - 1]! + data[from + width - 1]!;
    let centre = data[from - width]! - 2 * data[from]! + data[from + width]!;
    for (let next = from + 1; next <= to; next++) {
      const right = data[next - width]! - 2 * data[next]! + data[next + width]!;
      responses += Math.abs(left - 2 * centre + right);
      left = centre;
      centre = right;
    }
  }
  return count === 0 ? null : sigmaOf(responses, count);
}

const sigmaOf = (responses: number, count: number): number =>
  (255 * Math.sqrt(Math.PI / 2) * responses) / (6 * count);

const octaves = (a: number, b: number): number =>
  a === b ? 0 : Math.min(MAX_ANISOTROPY, Math.abs(Math.log2(a / b)));

/** Sharpness is compared at one scale: the long edge is reduced to 512 pixels, each the mean of its area. */
export function atSharpnessScale(displayed: Displayed): Displayed {
  const image: Image = { ...displayed, channels: 1 };
  const factor = Math.max(image.width, image.height) / LONG_EDGE;
  if (factor <= 1) return displayed;
  return resizeByArea(image, Math.round(image.width / factor), Math.round(image.height / factor));
}
