/** Row-major, channels last; every value is a unit value (0..1). */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

interface DeclaredShape {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
}

/** What a caller may send. */
export type ImageSource =
  /** `bytes`: the JSON text of a flat array, from `[` to `]`. */
  | ({ readonly form: 'numbers'; readonly bytes: Uint8Array } & DeclaredShape)
  /** `bytes`: little-endian float32, row-major, channels last. */
  | ({ readonly form: 'float32'; readonly bytes: Uint8Array } & DeclaredShape)
  /** `bytes`: ASCII of an image file in base64 (RFC 4648 section 4), JSON escapes already resolved. */
  | { readonly form: 'base64'; readonly bytes: Uint8Array }
  | { readonly form: 'file'; readonly bytes: Uint8Array };

export type ImageFormat = 'png' | 'float32' | 'json';

/** What a model receives, and what is stored about the image it came from. */
export interface PreparedImage {
  readonly tensor: Float32Array;
  /** [1, C, H, W] or [1, H, W, C]. */
  readonly dims: number[];
  /** The image as it was sent. */
  readonly image: {
    readonly width: number;
    readonly height: number;
    readonly format: ImageFormat;
    /** SHA-256 in hexadecimal: of the file; of the float32 little-endian values for numbers and float32. */
    readonly hash: string;
  };
  readonly validation: Validation;
}

/**
 * `indeterminate`: measured, but the number cannot be trusted (blur under heavy noise); `not_assessed`: switched off
 * in the manifest.
 */
export type MetricStatus = 'pass' | 'warn' | 'fail' | 'indeterminate' | 'not_assessed';

export interface MetricLimits {
  readonly fail_below?: number;
  readonly warn_below?: number;
  readonly warn_above?: number;
  readonly fail_above?: number;
}

export interface MetricResult {
  /** null where the metric is not defined for the image; never NaN. */
  readonly value: number | null;
  readonly threshold: MetricLimits;
  readonly status: MetricStatus;
  readonly algorithm: string;
}

/** Fitness of the image to be judged. A check is null when it could not be decided. */
export interface Validation {
  readonly is_valid: boolean;
  /** 0..1; see `validation-score.ts`. */
  readonly validation_score: number;
  readonly brightness_valid: boolean | null;
  readonly contrast_valid: boolean | null;
  readonly motion_artifact_free: boolean | null;
  readonly noise_level_acceptable: boolean | null;
  readonly error_codes: string[];
  readonly warnings: string[];
  readonly metrics: Record<string, MetricResult>;
  readonly validator_version: string;
}
