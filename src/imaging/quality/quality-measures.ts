import type { Image } from '../image';
import { resizeByArea } from '../resize';

/** Displayed values of one channel, 0..255, row-major. */
export interface Displayed {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const BINS_PER_LEVEL = 16;
const SHARPNESS_LONG_EDGE = 512;
/** Of rounding to whole levels. */
const ROUNDING_VARIANCE = 1 / 12;

/** In levels; all but mean and sd to 1/16 of a level. */
export interface Levels {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** Nearest rank. */
  readonly p1: number;
  readonly p99: number;
  /** Fractions of P <= 2 and P >= 253. */
  readonly clippedLow: number;
  readonly clippedHigh: number;
}

export function measureLevels({ data }: Displayed): Levels {
  const histogram = new Uint32Array(255 * BINS_PER_LEVEL + 1);
  const origin = data[0]!;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const deviation = value - origin;
    sum += deviation;
    squares += deviation * deviation;
    const bin = (value * BINS_PER_LEVEL) | 0;
    histogram[bin] = histogram[bin]! + 1;
  }
  const count = data.length;
  return {
    mean: origin + sum / count,
    sd: Math.sqrt(variance(sum, squares, count)),
    min: percentile(histogram, 1),
    max: percentile(histogram, count),
    p1: percentile(histogram, count * 0.01),
    p99: percentile(histogram, count * 0.99),
    clippedLow: total(histogram.subarray(0, 2 * BINS_PER_LEVEL + 1)) / count,
    clippedHigh: total(histogram.subarray(253 * BINS_PER_LEVEL)) / count,
  };
}

const total = (histogram: Uint32Array): number => histogram.reduce((sum, count) => sum + count, 0);

function percentile(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  const bin = histogram.findIndex((count) => (seen += count) >= rank);
  return bin / BINS_PER_LEVEL;
}

/** Not below 0, where rounding may take it. */
const variance = (sum: number, squares: number, count: number): number =>
  Math.max(0, squares / count - (sum / count) ** 2);

/**
 * Standard deviation of Gaussian noise, in P levels; texture and edges raise it a little.
 * Immerkaer, CVIU 64(2):300-302, 1996.
 */
export function noiseSigma({ data, width, height }: Displayed): number {
  let sum = 0;
  for (let y = 1; y < height - 1; y++) {
    let x = y * width;
    const end = x + width;
    // Second differences along the columns; the mask is their second difference along the row.
    let left = data[x - width]! - 2 * data[x]! + data[x + width]!;
    x++;
    let middle = data[x - width]! - 2 * data[x]! + data[x + width]!;
    for (x++; x < end; x++) {
      const right = data[x - width]! - 2 * data[x]! + data[x + width]!;
      sum += Math.abs(left - 2 * middle + right);
      left = middle;
      middle = right;
    }
  }
  return (Math.sqrt(Math.PI / 2) * sum) / (6 * (width - 2) * (height - 2));
}

/**
 * Variance of the Laplacian [0 1 0; 1 -4 1; 0 1 0] (Pech-Pacheco, ICPR 2000) over the variance of the image, after the
 * long edge is reduced to 512 pixels: independent of contrast and of resolution. null where less variance is left than
 * rounding to whole levels makes.
 */
export function normalisedLaplacianVariance(displayed: Displayed): number | null {
  const { data, width, height } = reduce({ ...displayed, channels: 1 });
  const origin = data[0]!;
  let [sum, squares, edges, edgeSquares] = [0, 0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    const end = (y + 1) * width - 1;
    for (let x = y * width + 1; x < end; x++) {
      const deviation = data[x]! - origin;
      sum += deviation;
      squares += deviation * deviation;
      const laplacian = data[x - width]! + data[x - 1]! + data[x + 1]! + data[x + width]! - 4 * data[x]!;
      edges += laplacian;
      edgeSquares += laplacian * laplacian;
    }
  }
  const count = (width - 2) * (height - 2);
  const spread = variance(sum, squares, count);
  return spread < ROUNDING_VARIANCE ? null : variance(edges, edgeSquares, count) / spread;
}

function reduce(image: Image): Image {
  const factor = Math.max(image.width, image.height) / SHARPNESS_LONG_EDGE;
  if (factor <= 1) return image;
  return resizeByArea(image, Math.round(image.width / factor), Math.round(image.height / factor));
}
