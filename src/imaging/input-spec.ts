import type { Thresholds } from './quality/quality-metrics';

/** `bicubic` has a = -0.5 with antialias (Pillow, PyTorch) and a = -0.75 without (PyTorch, OpenCV). */
export type ResizeKernel = 'nearest' | 'bilinear' | 'bicubic';

export type ValueSpace = 'unit' | 'stored' | 'modality' | 'voi';

export interface ResizeSpec {
  readonly width: number;
  readonly height: number;
  readonly kernel: ResizeKernel;
  /** Widens the kernel by the reduction factor, as Pillow does; `nearest` ignores it. */
  readonly antialias: boolean;
}

/**
 * `input` of the manifest. The tensor holds `(value - mean[c]) / std[c]`, and `range` is where `value` lies: `unit` and
 * `voi` values, 0..1, are stretched to it (`lo + unit * (hi - lo)`); `stored` and `modality` values keep their scale
 * and are clipped to it.
 */
export interface InputSpec {
  readonly name: string;
  readonly layout: 'NCHW' | 'NHWC';
  /** `stored` and `modality` exist only in DICOM files; `unit` and `voi` are what is displayed, as 0..1. */
  readonly value_space: ValueSpace;
  /**
   * What to do with a DICOM file that may show text in its pixels. Left out: Burned In Annotation YES is refused and a
   * secondary capture is reported; `reject` refuses both, `warn` reports both.
   */
  readonly burned_in?: 'reject' | 'warn';
  /** null: the image keeps its size. */
  readonly resize: ResizeSpec | null;
  readonly channels: number;
  /** One entry for all channels or one per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly range: readonly [number, number];
}

/** `quality` of the manifest. A metric set to null is not assessed; a limit left out keeps its default. */
export interface QualitySpec {
  readonly policy: 'warn' | 'reject';
  readonly thresholds: Thresholds;
  /** Limits for the images of one modality (DICOM `Modality`, such as `MR`), which go before `thresholds`. */
  readonly by_modality?: Readonly<Record<string, Thresholds>>;
}
