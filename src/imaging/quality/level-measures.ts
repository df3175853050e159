import type { Displayed } from './foreground';

const BINS_PER_LEVEL = 16;

/** In levels; all but mean and sd to 1/16 of a level. */
export interface Levels {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** Nearest rank. */
  readonly p1: number;
  readonly p99: number;
  /** Values below it are among the darkest half of a per cent. */
  readonly dark: number;
  /** Fractions of P <= 2 and P >= 253. */
  readonly clippedLow: number;
  readonly clippedHigh: number;
  /** Bits, of whole levels. */
  readonly entropy: number;
}

/** Of the pixels whose mask is 1; there must be one. */
export function measureLevels({ data }: Displayed, mask: Uint8Array | undefined): Levels {
  const histogram = new Uint32Array(255 * BINS_PER_LEVEL + 1);
  const origin = data[0]!;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const value = data[i]!;
    const deviation = value - origin;
    sum += deviation;
    squares += deviation * deviation;
    count++;
    const bin = (value * BINS_PER_LEVEL) | 0;
    histogram[bin] = histogram[bin]! + 1;
  }
  return {
    mean: origin + sum / count,
    sd: Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)),
    min: percentile(histogram, 1),
    max: percentile(histogram, count),
    p1: percentile(histogram, count * 0.01),
    p99: percentile(histogram, count * 0.99),
    dark: percentile(histogram, count * 0.005) + 1 / BINS_PER_LEVEL,
    clippedLow: total(histogram.subarray(0, 2 * BINS_PER_LEVEL + 1)) / count,
    clippedHigh: total(histogram.subarray(253 * BINS_PER_LEVEL)) / count,
    entropy: entropy(histogram, count),
  };
}

const total = (histogram: Uint32Array): number => histogram.reduce((sum, count) => sum + count, 0);

function percentile(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  const bin = histogram.findIndex((count) => (seen += count) >= rank);
  return bin / BINS_PER_LEVEL;
}

function entropy(histogram: Uint32Array, count: number): number {
  let bits = 0;
  for (let from = 0; from < histogram.length; from += BINS_PER_LEVEL) {
    const share = total(histogram.subarray(from, from + BINS_PER_LEVEL)) / count;
    if (share > 0) bits -= share * Math.log2(share);
  }
  return bits;
}
