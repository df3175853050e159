import { displayedValues } from '../channels';
import type { Image, MetricResult, MetricStatus, Validation } from '../image';
import type { QualitySpec } from '../input-spec';
import { type Measured, measure } from './measure';
import {
  METRIC_NAMES,
  type MetricLimits,
  type MetricName,
  MODALITY_THRESHOLDS,
  QUALITY_METRICS,
  type QualityCode,
  type Thresholds,
} from './quality-metrics';
import { checkOutcomes, MIN_SCORE, validationScore } from './validation-score';

/** Changes with anything that can change a verdict. */
const VALIDATOR_VERSION = '2.1.0';
/** `sharpness_nvol` from which an image is not smeared; sharp radiographs of the chest have 0.007 to 0.045. */
const SHARP = 0.005;
/** Every number in an answer has this many significant digits, and is judged as it is shown. */
const DIGITS = 6;

type Assessed = Record<MetricName, MetricResult>;

/**
 * Judges the image as it was sent, before it is resized. The limits of the manifest replace the defaults one by one.
 * @param modality of a DICOM file
 */
export function assessQuality(image: Image, quality: QualitySpec, modality?: string | null): Validation {
  const limits = limitsFor(quality, modality ?? '');
  const judged = new Set(METRIC_NAMES.filter((name) => isJudged(limits[name])));
  const measured = measure({ ...image, data: displayedValues(image) }, judged);
  const { signal } = measured;
  const metrics = judge(measured, limits);
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

/** null: not assessed. */
type Limits = Readonly<Record<MetricName, MetricLimits | null>>;

/** The last who says something of a metric decides whether it is assessed, and everybody about single limits. */
function limitsFor({ thresholds, by_modality }: QualitySpec, modality: string): Limits {
  const sources: readonly Thresholds[] = [
    MODALITY_THRESHOLDS[modality] ?? {},
    thresholds,
    by_modality?.[modality] ?? {},
  ];
  const entries = METRIC_NAMES.map((name) => {
    const said = sources.map((source) => source[name]).filter((limits) => limits !== undefined);
    return [name, said.at(-1) === null ? null : Object.assign({}, QUALITY_METRICS[name].limits, ...said)];
  });
  return Object.fromEntries(entries) as Limits;
}

const isJudged = (limits: MetricLimits | null): limits is MetricLimits =>
  limits !== null && Object.keys(limits).length > 0;

function judge({ values, signal }: Measured, limits: Limits): Assessed {
  const entries = METRIC_NAMES.map((name): [MetricName, MetricResult] => {
    const threshold = limits[name];
    const measured = threshold === null ? null : values[name];
    const value = typeof measured === 'number' ? Number(measured.toPrecision(DIGITS)) : null;
    const status = isJudged(threshold) ? statusOf(value, threshold) : 'not_assessed';
    return [name, { value, threshold: threshold ?? {}, status, algorithm: QUALITY_METRICS[name].algorithm }];
  });
  const metrics = Object.fromEntries(entries) as Assessed;
  return signal ? weighed(metrics) : metrics;
}

/**
 * What one metric says of another. Noise looks like detail in every direction: a blurred image under noise would pass.
 * And one direction may be smoother than another in a sharp image: that alone is no movement.
 */
function weighed(metrics: Assessed): Assessed {
  const { noise_sigma, sharpness_nvol, motion_anisotropy } = metrics;
  if (noise_sigma.status === 'fail') {
    return {
      ...metrics,
      sharpness_nvol: indeterminate(sharpness_nvol),
      motion_anisotropy: indeterminate(motion_anisotropy),
    };
  }
  if (motion_anisotropy.status === 'not_assessed') return metrics;
  const { value, status } = sharpness_nvol;
  const known = value !== null && status !== 'not_assessed';
  if (known && value < SHARP) return metrics;
  return { ...metrics, motion_anisotropy: { ...motion_anisotropy, status: known ? 'pass' : status } };
}

const indeterminate = (metric: MetricResult): MetricResult =>
  metric.status === 'not_assessed' ? metric : { ...metric, status: 'indeterminate' };

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
