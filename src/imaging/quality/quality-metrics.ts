export interface MetricLimits {
  readonly fail_below?: number;
  readonly warn_below?: number;
  readonly warn_above?: number;
  readonly fail_above?: number;
}

export type QualityCheck = 'brightness' | 'contrast' | 'noise' | 'motion';

export type QualityCode =
  | 'QUALITY_NO_SIGNAL'
  | 'QUALITY_TOO_DARK'
  | 'QUALITY_TOO_BRIGHT'
  | 'QUALITY_LOW_CONTRAST'
  | 'QUALITY_NOISY'
  | 'QUALITY_BLURRED'
  | 'QUALITY_MOTION';

interface MetricDefinition {
  readonly check: QualityCheck;
  readonly algorithm: string;
  /** Empty: the value is told, and judged only when the manifest names limits. */
  readonly limits: MetricLimits;
  /** Error code of a value below or above its limits. */
  readonly below?: QualityCode;
  readonly above?: QualityCode;
}

export type MetricName =
  | 'foreground_share'
  | 'brightness_mean'
  | 'clipped_low'
  | 'clipped_high'
  | 'contrast_sd'
  | 'contrast_range'
  | 'contrast_entropy'
  | 'noise_sigma'
  | 'noise_snr'
  | 'sharpness_nvol'
  | 'motion_anisotropy';

/**
 * The one table of quality metrics. P is the displayed value, 0..255, of the foreground. The limits are screening
 * heuristics, not a validated clinical claim; a manifest overrides them metric by metric.
 */
export const QUALITY_METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  foreground_share: {
    check: 'brightness',
    algorithm: 'pixels without constant border and dark areas at the edge, over all pixels',
    limits: {},
    below: 'QUALITY_NO_SIGNAL',
  },
  brightness_mean: {
    check: 'brightness',
    algorithm: 'mean(P)/255',
    limits: { fail_below: 0.04, warn_below: 0.08, warn_above: 0.85, fail_above: 0.95 },
    below: 'QUALITY_TOO_DARK',
    above: 'QUALITY_TOO_BRIGHT',
  },
  clipped_low: {
    check: 'brightness',
    algorithm: 'fraction of P<=2',
    limits: { warn_above: 0.8, fail_above: 0.97 },
    above: 'QUALITY_TOO_DARK',
  },
  clipped_high: {
    check: 'brightness',
    algorithm: 'fraction of P>=253',
    limits: { warn_above: 0.25, fail_above: 0.6 },
    above: 'QUALITY_TOO_BRIGHT',
  },
  contrast_sd: {
    check: 'contrast',
    algorithm: 'sd(P)',
    limits: { fail_below: 6, warn_below: 12 },
    below: 'QUALITY_LOW_CONTRAST',
  },
  contrast_range: {
    check: 'contrast',
    algorithm: '(p99(P)-p1(P))/255',
    limits: { fail_below: 0.1, warn_below: 0.2 },
    below: 'QUALITY_LOW_CONTRAST',
  },
  contrast_entropy: {
    check: 'contrast',
    algorithm: 'Shannon entropy of whole levels, bits',
    limits: {},
    below: 'QUALITY_LOW_CONTRAST',
  },
  noise_sigma: {
    check: 'noise',
    algorithm: 'Immerkaer 1996, P levels',
    limits: { warn_above: 8, fail_above: 15 },
    above: 'QUALITY_NOISY',
  },
  noise_snr: {
    check: 'noise',
    algorithm: 'mean(P)/noise_sigma',
    limits: {},
    below: 'QUALITY_NOISY',
  },
  sharpness_nvol: {
    check: 'motion',
    algorithm: 'variance of the 4-neighbour Laplacian over variance, long edge 512',
    limits: { fail_below: 0.0005, warn_below: 0.0015 },
    below: 'QUALITY_BLURRED',
  },
  motion_anisotropy: {
    check: 'motion',
    algorithm:
      '|log2| of squared second differences across two directions, where sharpness_nvol is low, long edge 512',
    limits: { warn_above: 2, fail_above: 3 },
    above: 'QUALITY_MOTION',
  },
};

export const METRIC_NAMES = Object.keys(QUALITY_METRICS) as MetricName[];

/** Of a manifest; null: not assessed. */
export type Thresholds = Readonly<Partial<Record<MetricName, MetricLimits | null>>>;

/** What the metrics cannot tell in images of a modality (DICOM PS3.3 C.7.3.1.1.1), whoever sets no limits of his own. */
export const MODALITY_THRESHOLDS: Readonly<Record<string, Thresholds>> = {
  // movement shows as ghosts, not as blur
  MR: { motion_anisotropy: null },
  // speckle multiplies: it is in the tissue, not on top of it
  US: { noise_sigma: null },
};
