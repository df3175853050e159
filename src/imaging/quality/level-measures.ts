import type { Border, Displayed } from './foreground';

const BINS_PER_LEVEL = 16;
const BINS = 255 * BINS_PER_LEVEL;

/** In levels, 0..255; all but mean and sd to 1/16 of a level. */
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

/** How often which level occurs. Sums are of deviations from an origin, so that no digits are lost. */
export interface LevelCounts {
  readonly histogram: Uint32Array;
  readonly origin: number;
  readonly sum: number;
  readonly squares: number;
  readonly count: number;
}

/** Two pixels at a time, apart: neighbours are alike, and counting in one place has to wait for the last count. */
export function countLevels({ data }: Displayed): LevelCounts {
  const histogram = new Uint32Array(BINS + 1);
  const others = new Uint32Array(BINS + 1);
  const origin = data[0]!;
  const odd = data.length % 2;
  // the first pixel of an odd number: it does not deviate from itself
  histogram[(origin * BINS + 0.5) | 0] = odd;
  let [sum, squares, otherSum, otherSquares] = [0, 0, 0, 0];
  for (let i = odd; i < data.length; i += 2) {
    const value = data[i]!;
    const other = data[i + 1]!;
    sum += value - origin;
    otherSum += other - origin;
    squares += (value - origin) * (value - origin);
    otherSquares += (other - origin) * (other - origin);
    const bin = (value * BINS + 0.5) | 0;
    const otherBin = (other * BINS + 0.5) | 0;
    histogram[bin] = histogram[bin]! + 1;
    others[otherBin] = others[otherBin]! + 1;
  }
  for (let bin = 0; bin <= BINS; bin++) histogram[bin] = histogram[bin]! + others[bin]!;
  return { histogram, origin, sum: sum + otherSum, squares: squares + otherSquares, count: data.length };
}

export function withoutBorder(
  all: LevelCounts,
  { data, width }: Displayed,
  { mask, rows }: Border,
): LevelCounts {
  const histogram = all.histogram.slice();
  let { sum, squares, count } = all;
  for (let y = rows.indexOf(1); y >= 0; y = rows.indexOf(1, y + 1)) {
    for (let i = y * width, end = i + width; i < end; i++) {
      if (mask[i] !== 0) continue;
      const deviation = data[i]! - all.origin;
      sum -= deviation;
      squares -= deviation * deviation;
      count--;
      const bin = (data[i]! * BINS + 0.5) | 0;
      histogram[bin] = histogram[bin]! - 1;
    }
  }
  return { histogram, origin: all.origin, sum, squares, count };
}

/** There must be a pixel. */
export function measureLevels({ histogram, origin, sum, squares, count }: LevelCounts): Levels {
  const ranked = percentiles(histogram, [1, count * 0.005, count * 0.01, count * 0.99, count]);
  return {
    mean: 255 * (origin + sum / count),
    sd: 255 * Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)),
    min: ranked[0]!,
    max: ranked[4]!,
    p1: ranked[2]!,
    p99: ranked[3]!,
    dark: ranked[1]! + 0.5 / BINS_PER_LEVEL,
    clippedLow: total(histogram, 0, 2 * BINS_PER_LEVEL + 1) / count,
    clippedHigh: total(histogram, 253 * BINS_PER_LEVEL, histogram.length) / count,
    entropy: entropy(histogram, count),
  };
}

function total(histogram: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let bin = from; bin < to; bin++) sum += histogram[bin]!;
  return sum;
}

/** @param ranks ascending, from 1 to the number of pixels */
function percentiles(histogram: Uint32Array, ranks: readonly number[]): number[] {
  const levels: number[] = [];
  let seen = 0;
  for (let bin = 0; levels.length < ranks.length; bin++) {
    seen += histogram[bin]!;
    while (levels.length < ranks.length && seen >= ranks[levels.length]!) levels.push(bin / BINS_PER_LEVEL);
  }
  return levels;
}

function entropy(histogram: Uint32Array, count: number): number {
  let bits = 0;
  for (let from = 0; from < histogram.length; from += BINS_PER_LEVEL) {
    const share = total(histogram, from, Math.min(from + BINS_PER_LEVEL, histogram.length)) / count;
    if (share > 0) bits -= share * Math.log2(share);
  }
  return bits;
}
