/** Counts of confidence scores in ten equal parts of 0..1. */
export type Histogram = readonly number[];

export const BINS = 10;
/** Share of an empty bin, so that the logarithm is finite. */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index of two distributions: the sum over the bins of (p - q) ln(p / q). By custom below 0.1 is
 * stable, 0.1 to 0.25 worth a look, above 0.25 a shift. Null while one of the two is empty.
 */
export function populationStabilityIndex(baseline: Histogram, current: Histogram): number | null {
  const [expected, actual] = [shares(baseline), shares(current)];
  if (expected === undefined || actual === undefined) return null;
  return expected.reduce((sum, q, bin) => sum + (actual[bin]! - q) * Math.log(actual[bin]! / q), 0);
}

function shares(histogram: Histogram): number[] | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  return total === 0 ? undefined : histogram.map((count) => Math.max(count / total, LEAST_SHARE));
}
