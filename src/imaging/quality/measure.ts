import { atSharpnessScale, type Details, measureDetails } from './detail-measures';
import { type Displayed, findForeground } from './foreground';
import { countLevels, measureLevels, withoutBorder } from './level-measures';
import type { MetricName } from './quality-metrics';

/** Less of the image than this is no image. */
const MIN_FOREGROUND = 0.02;

/**
 * The raw value of every metric, on the foreground. Where there is no signal, levels are those of the whole image,
 * ratios are 0/0 and noise is not 0 but unknown.
 */
export function measure(displayed: Displayed): {
  values: Record<MetricName, number | null>;
  signal: boolean;
} {
  const counts = countLevels(displayed);
  const whole = measureLevels(counts);
  const { mask, inner, pixels } = findForeground(displayed, whole.dark);
  const share = pixels / displayed.data.length;
  const inside = mask && pixels > 0 ? measureLevels(withoutBorder(counts, displayed, mask)) : whole;
  const signal = share >= MIN_FOREGROUND && inside.max - inside.min >= 1;
  const levels = signal ? inside : whole;
  const details = signal ? measureDetails(displayed, inner) : null;
  const scaled = details && scaledDetails(displayed, details, whole.dark);
  const noise = details?.noiseSigma ?? null;
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
      noise_sigma: noise,
      noise_snr: noise ? levels.mean / noise : null,
      sharpness_nvol: scaled?.sharpness ?? null,
      motion_anisotropy: scaled?.anisotropy ?? null,
    },
  };
}

function scaledDetails(displayed: Displayed, details: Details, dark: number): Details | null {
  const scaled = atSharpnessScale(displayed);
  return scaled === displayed ? details : measureDetails(scaled, findForeground(scaled, dark).inner);
}
