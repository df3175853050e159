import type { ResizeSpec, ValueSpace } from './input-spec';
import type { MetricLimits } from './quality/quality-metrics';

/** Row-major, channels last. Values are unit values (0..1), or those of the value space that a model asks for. */
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

interface ChosenFrame {
  /** 1-based; needed where a file has more than one. */
  readonly frame?: number;
}

/** What a caller may send. */
export type ImageSource =
  /** `bytes`: the JSON text of a flat array, from `[` to `]`. */
  | ({ readonly form: 'numbers'; readonly bytes: Uint8Array } & DeclaredShape)
  /** `bytes`: little-endian float32, row-major, channels last. */
  | ({ readonly form: 'float32'; readonly bytes: Uint8Array } & DeclaredShape)
  /** `bytes`: ASCII of an image file in base64 (RFC 4648 section 4), JSON escapes already resolved. */
  | ({ readonly form: 'base64'; readonly bytes: Uint8Array } & ChosenFrame)
  | ({ readonly form: 'file'; readonly bytes: Uint8Array } & ChosenFrame);

export type ImageFormat = 'png' | 'jpeg' | 'dicom' | 'float32' | 'json';

/** What was read from a DICOM file and done to its pixels (PS3.3 C.7.6.3, C.11.1, C.11.2). Nothing in it is free text. */
export interface DicomProcessing {
  readonly transfer_syntax_uid: string;
  readonly sop_class_uid: string | null;
  readonly sop_instance_uid: string | null;
  readonly study_instance_uid: string | null;
  readonly series_instance_uid: string | null;
  readonly modality: string | null;
  readonly body_part_examined: string | null;
  /** 1-based. */
  readonly frame: number;
  readonly frames: number;
  readonly photometric_interpretation: string;
  readonly bits_stored: number;
  readonly pixel_representation: 'unsigned' | 'signed';
  /** null: none, or not applied because the model reads stored values. */
  readonly modality_transform: 'lut' | { readonly slope: number; readonly intercept: number } | null;
  /** Stored values that were taken for padding and replaced by the dark end of the others. */
  readonly padding: { readonly from: number; readonly to: number; readonly pixels: number } | null;
  /** How values were spread over 0..1 for display, which is also what quality is judged on. */
  readonly voi: VoiApplied;
  /** `inverted`: low values are bright (MONOCHROME1), so 0..1 was turned round for display. */
  readonly polarity: 'as_stored' | 'inverted';
  readonly burned_in_annotation: 'YES' | 'NO' | null;
  readonly warnings: readonly string[];
}

/** `index`, 1-based, of the `of` alternatives in the file: the first is taken. */
export type VoiApplied =
  | {
      readonly function: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
      readonly center: number;
      readonly width: number;
      readonly index: number;
      readonly of: number;
    }
  | { readonly function: 'LUT'; readonly index: number; readonly of: number }
  /** The file names no window: all that Bits Stored can hold is spread over 0..1. */
  | { readonly function: 'IDENTITY'; readonly low: number; readonly high: number };

/** EXIF 2.3 tag 0x0112: 1 is upright. */
interface Orientation {
  readonly exif: number;
  /** Upright images are left as they are. */
  readonly applied: boolean;
}

/** What was done to an image between the bytes that were received and the tensor, in this order; told with the result. */
export interface Processing {
  /** `rendered`: a picture made for display, so that spacing, sign and window of the acquisition are lost. */
  readonly source: 'dicom' | 'rendered' | 'values';
  /** SHA-256 in hexadecimal of the image as received: of the file, the float32 values, or the JSON text of `data`. */
  readonly received_sha256: string;
  /** null: the image was no DICOM file. */
  readonly dicom: DicomProcessing | null;
  /** null where the file names none. */
  readonly orientation: Orientation | null;
  /** What the file says about colour and was not applied, such as `gAMA`. */
  readonly not_applied: readonly string[];
  /** Of the values that were resized. */
  readonly value_space: ValueSpace;
  readonly channels: {
    readonly from: number;
    readonly to: number;
    readonly conversion: 'none' | 'grey_replicated' | 'equal_channels_merged';
  };
  readonly resize: (Omit<ResizeSpec, 'width' | 'height'> & { readonly from: Size; readonly to: Size }) | null;
}

/** [width, height]. */
type Size = readonly [number, number];

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
  readonly processing: Processing;
}

/** A picture made for display, in unit values. */
export interface RenderedImage {
  readonly image: Image;
  readonly orientation?: Orientation;
  /** See `Processing`. */
  readonly not_applied?: readonly string[];
}

/** A file as its decoder gives it. */
export interface DecodedFile extends RenderedImage {
  readonly format: ImageFormat;
  /** In the value space of the model. */
  readonly image: Image;
  /** As it is shown to a person, unit values: what quality is judged on. */
  readonly displayed: Image;
  readonly dicom?: DicomProcessing;
}

/** A decoded image and the SHA-256 of what it was decoded from, in hexadecimal. */
export interface ReceivedImage extends DecodedFile {
  readonly hash: string;
}

/**
 * `indeterminate`: measured, but the number cannot be trusted (blur under heavy noise); `not_assessed`: switched off
 * in the manifest.
 */
export type MetricStatus = 'pass' | 'warn' | 'fail' | 'indeterminate' | 'not_assessed';

export interface MetricResult {
  /** null where the metric is not defined for the image or not assessed; never NaN. */
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
