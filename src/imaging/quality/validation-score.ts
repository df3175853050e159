import type { MetricResult, MetricStatus } from '../image';
import { METRIC_NAMES, type MetricName, QUALITY_METRICS, type QualityCheck } from './quality-metrics';

/** an image below it is not valid even when no metric failed. */
export const MIN_SCORE = 0.7;

/** Equal: nothing published says which check matters more. */
const WEIGHTS: Readonly<Record<QualityCheck, number>> = { brightness: 1, contrast: 1, noise: 1, motion: 1 };
const CHECKS = Object.keys(WEIGHTS) as QualityCheck[];
const WORST_FIRST: readonly MetricStatus[] = ['fail', 'indeterminate', 'warn', 'pass'];
const CREDIT: Readonly<Record<MetricStatus, number>> = {
  pass: 1,
  warn: 0.5,
  indeterminate: 0,
  fail: 0,
  not_assessed: 0,
};

/**
 * Sum of weight * credit over sum of weights, over the checks that were assessed; the credit of a check is that of its
 * worst metric: 1 for a pass, 0.5 for a near miss, 0 for a failure and for what could not be decided. 1 when nothing
 * was to be assessed.
 */
export function validationScore(metrics: Record<MetricName, MetricResult>): number {
  let [credit, total] = [0, 0];
  for (const check of CHECKS) {
    const status = statusOfCheck(check, metrics);
    if (status === 'not_assessed') continue;
    credit += WEIGHTS[check] * CREDIT[status];
    total += WEIGHTS[check];
  }
  return total === 0 ? 1 : credit / total;
}

/** true: passed, a near miss included; false: failed; null: not decided or not assessed. */
export function checkOutcomes(
  metrics: Record<MetricName, MetricResult>,
): Record<QualityCheck, boolean | null> {
  const outcomes = CHECKS.map((check) => {
    const status = statusOfCheck(check, metrics);
    const decided = status === 'pass' || status === 'warn' || status === 'fail';
    return [check, decided ? status !== 'fail' : null];
  });
  return Object.fromEntries(outcomes) as Record<QualityCheck, boolean | null>;
}

function statusOfCheck(check: QualityCheck, metrics: Record<MetricName, MetricResult>): MetricStatus {
  const names = METRIC_NAMES.filter((name) => QUALITY_METRICS[name].check === check);
  const statuses = names.map((name) => metrics[name].status);
  return WORST_FIRST.find((status) => statuses.includes(status)) ?? 'not_assessed';
}
