import { atSharpnessScale, measureDetails, measureNoise } from './detail-measures';
import { type Border, type Displayed, findForeground, innerRuns } from './foreground';
import { countLevels, measureLevels, withoutBorder } from './level-measures';
import type { MetricName } from './quality-metrics';

/** Less of the image than this is no image. */
const MIN_FOREGROUND = 0.02;

export interface Measured {
  /** Of every metric that was measured; null where it is not defined for the image. */
  readonly values: Partial<Record<MetricName, number | null>>;
  /** false: there is nothing to be seen. */
  readonly signal: boolean;
}

/**
 * Raw values on the foreground. Where there is no signal, levels are those of the whole image, ratios are 0/0 and noise
 * is not 0 but unknown.
 * @param judged the metrics that are needed: what costs a pass of its own over the pixels is measured for them only
 */
export function measure(displayed: Displayed, judged: ReadonlySet<MetricName>): Measured {
  if (judged.size === 0) return { values: {}, signal: true };
  const counts = countLevels(displayed);
  const whole = measureLevels(counts);
  const dark = whole.dark / 255;
  const { border, pixels } = findForeground(displayed, dark);
  const share = pixels / displayed.data.length;
  const inside = border && pixels > 0 ? measureLevels(withoutBorder(counts, displayed, border)) : whole;
  const signal = share >= MIN_FOREGROUND && inside.max - inside.min >= 1;
  const levels = signal ? inside : whole;
  const details = signal ? measureNeighbourhoods(displayed, border, dark, judged) : {};
  return {
    signal,
    values: {
      foreground_share: share,
      brightness_mean: levels.mean / 255,
      clipped_low: levels.clippedLow,
      clipped_high: levels.clippedHigh,
      contrast_sd: levels.sd,
      contrast_range: (levels.p99 - levels.p1) / 255,
      contrast_entropy: levels.entropy,
      noise_sigma: details.noiseSigma,
      noise_snr: details.noiseSigma ? levels.mean / details.noiseSigma : null,
      sharpness_nvol: details.sharpness,
      motion_anisotropy: details.anisotropy,
    },
  };
}

/** Noise at the size of the image, sharpness and movement at one scale: one pass where that is the same. */
function measureNeighbourhoods(
  displayed: Displayed,
  border: Border | undefined,
  dark: number,
  judged: ReadonlySet<MetricName>,
): { noiseSigma?: number | null; sharpness?: number | null; anisotropy?: number | null } {
  const noise = judged.has('noise_sigma') || judged.has('noise_snr');
  const edges = judged.has('sharpness_nvol') || judged.has('motion_anisotropy');
  const scaled = edges ? atSharpnessScale(displayed) : displayed;
  if (edges && scaled === displayed) return measureDetails(displayed, innerRuns(displayed, border)) ?? {};
  const noiseSigma = noise ? measureNoise(displayed, innerRuns(displayed, border)) : null;
  if (!edges) return { noiseSigma };
  const scaledRuns = innerRuns(scaled, findForeground(scaled, dark).border);
  return { ...measureDetails(scaled, scaledRuns), noiseSigma };
}
