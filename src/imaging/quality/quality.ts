import { displayedLevels } from '../channels';
import type { Image, MetricResult, MetricStatus, Validation } from '../image';
import type { QualitySpec } from '../input-spec';
import { type Displayed, measureLevels, noiseSigma, normalisedLaplacianVariance } from './quality-measures';
import { type MetricLimits, type MetricName, QUALITY_METRICS, type QualityCode } from './quality-metrics';
import { checkOutcomes, MIN_SCORE, validationScore } from './validation-score';

/** Changes with anything that can change a verdict. */
const VALIDATOR_VERSION = '1.0.0';
const METRIC_NAMES = Object.keys(QUALITY_METRICS) as MetricName[];
/** Every number in an answer has this many significant digits, and is judged as it is shown. */
const DIGITS = 6;

type Assessed = Record<MetricName, MetricResult>;

/** Judges the image as it was sent, before it is resized. The limits of the manifest replace the defaults one by one. */
export function assessQuality(image: Image, { thresholds }: QualitySpec): Validation {
  const displayed = { ...image, data: displayedLevels(image) };
  const { values, signal } = measure(displayed);
  const metrics = judge(values, thresholds, signal);
  const outcomes = checkOutcomes(metrics);
  const codes = new Set<QualityCode>(signal ? [] : ['QUALITY_NO_SIGNAL']);
  for (const name of METRIC_NAMES) {
    const code = failureCode(name, metrics[name]);
    if (code) codes.add(code);
  }
  const score = validationScore(metrics);
  return {
    is_valid: codes.size === 0 && score >= MIN_SCORE,
    validation_score: score,
    brightness_valid: outcomes.brightness,
    contrast_valid: outcomes.contrast,
    motion_artifact_free: outcomes.motion,
    noise_level_acceptable: outcomes.noise,
    error_codes: [...codes],
    warnings: METRIC_NAMES.flatMap((name) => warning(name, metrics[name])),
    metrics,
    validator_version: VALIDATOR_VERSION,
  };
}

/** Without signal, ratios are 0/0 and noise is not 0 but unknown. */
function measure(displayed: Displayed): { values: Record<MetricName, number | null>; signal: boolean } {
  const levels = measureLevels(displayed);
  const signal = levels.max - levels.min >= 1;
  return {
    signal,
    values: {
      brightness_mean: levels.mean / 255,
      clipped_low: levels.clippedLow,
      clipped_high: levels.clippedHigh,
      contrast_sd: levels.sd,
      contrast_range: (levels.p99 - levels.p1) / 255,
      noise_sigma: signal ? noiseSigma(displayed) : null,
      sharpness_nvol: signal ? normalisedLaplacianVariance(displayed) : null,
    },
  };
}

function judge(
  values: Record<MetricName, number | null>,
  overrides: QualitySpec['thresholds'],
  signal: boolean,
): Assessed {
  const entries = METRIC_NAMES.map((name): [MetricName, MetricResult] => {
    const { algorithm, limits } = QUALITY_METRICS[name];
    const override = overrides[name];
    const threshold: MetricLimits = { ...limits, ...override };
    const measured = values[name];
    const value = measured === null ? null : Number(measured.toPrecision(DIGITS));
    const status = override === null ? 'not_assessed' : statusOf(value, threshold);
    return [name, { value, threshold, status, algorithm }];
  });
  const metrics = Object.fromEntries(entries) as Assessed;
  // Noise looks like detail: a blurred image under noise would pass.
  const hidden =
    signal && metrics.noise_sigma.status === 'fail' && metrics.sharpness_nvol.status !== 'not_assessed';
  if (hidden) metrics.sharpness_nvol = { ...metrics.sharpness_nvol, status: 'indeterminate' };
  return metrics;
}

function statusOf(value: number | null, limits: MetricLimits): MetricStatus {
  if (value === null) return 'indeterminate';
  if (isBelow(value, limits.fail_below) || isAbove(value, limits.fail_above)) return 'fail';
  return isBelow(value, limits.warn_below) || isAbove(value, limits.warn_above) ? 'warn' : 'pass';
}

const isBelow = (value: number, limit: number | undefined): boolean => limit !== undefined && value < limit;
const isAbove = (value: number, limit: number | undefined): boolean => limit !== undefined && value > limit;

function failureCode(name: MetricName, { status, value, threshold }: MetricResult): QualityCode | undefined {
  if (status !== 'fail' || value === null) return undefined;
  const { below, above } = QUALITY_METRICS[name];
  return (isAbove(value, threshold.fail_above) ? above : below) ?? above ?? below;
}

function warning(name: MetricName, { status, value, threshold }: MetricResult): string[] {
  if (status === 'indeterminate') return [`${name}: could not be decided`];
  if (status !== 'warn' || value === null) return [];
  return [`${name}: close to the ${isAbove(value, threshold.warn_above) ? 'upper' : 'lower'} limit`];
}
