import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  Validate,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsThresholds, IsThresholdsByModality, type Thresholds } from './manifest-thresholds';

const NAME = /^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/;
/** semver.org, FAQ: the suggested regular expression. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
const DOMAIN = /^[\p{L}\p{N}][\p{L}\p{N} ._/()-]{0,63}$/u;
const NUMBERS = { allowNaN: false, allowInfinity: false } as const;
const EACH = { each: true } as const;

const notNull = (_: object, value: unknown): boolean => value !== null;

export class ManifestResize {
  @IsInt()
  @Min(1)
  @Max(8192)
  readonly width: number;

  @IsInt()
  @Min(1)
  @Max(8192)
  readonly height: number;

  @IsIn(['nearest', 'bilinear', 'bicubic'])
  readonly kernel: 'nearest' | 'bilinear' | 'bicubic';

  @IsBoolean()
  readonly antialias: boolean;
}

/** An input besides the image that has the same value in each run. */
export class ManifestConstantInput {
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  readonly name: string;

  /** One value fills the whole tensor; else nested arrays of its shape. */
  @ValidateIf((_, value) => typeof value !== 'number' && typeof value !== 'boolean')
  @IsArray({ message: 'must be a number, true, false or nested arrays of them' })
  readonly value: ConstantValue;
}

type Element = number | boolean;
type ConstantValue = Element | ConstantValue[];

export class ManifestInput {
  /** Left out, the model's only input. */
  @IsString()
  @MaxLength(1024)
  readonly name: string = '';

  @IsIn(['NCHW', 'NHWC'])
  readonly layout: 'NCHW' | 'NHWC' = 'NCHW';

  @IsIn(['unit', 'stored', 'modality', 'voi'])
  readonly value_space: 'unit' | 'stored' | 'modality' | 'voi' = 'unit';

  /** What to do with DICOM files that may show text: see docs/dicom.md. */
  @IsOptional()
  @IsIn(['reject', 'warn'])
  readonly burned_in?: 'reject' | 'warn';

  @ValidateIf(notNull)
  @IsObject()
  @ValidateNested()
  @Type(() => ManifestResize)
  readonly resize: ManifestResize | null = null;

  /** Left out, what the file declares. */
  @IsInt()
  @Min(0)
  @Max(4)
  readonly channels: number = 0;

  /** One entry for all channels or one per channel. */
  @IsArray()
  @ArrayMaxSize(4)
  @IsNumber(NUMBERS, EACH)
  readonly mean: readonly number[] = [0];

  @IsArray()
  @ArrayMaxSize(4)
  @IsNumber(NUMBERS, EACH)
  readonly std: readonly number[] = [1];

  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsNumber(NUMBERS, EACH)
  readonly range: readonly [number, number] = [0, 1];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(16)
  @ValidateNested(EACH)
  @Type(() => ManifestConstantInput)
  readonly extra?: readonly ManifestConstantInput[];
}

export class ManifestOutput {
  /** Left out, the model's only output. */
  @IsString()
  @MaxLength(1024)
  readonly name: string = '';

  @IsIn(['none', 'softmax', 'sigmoid'])
  readonly activation: 'none' | 'softmax' | 'sigmoid' = 'none';
}

export class ManifestQuality {
  @IsIn(['warn', 'reject'])
  readonly policy: 'warn' | 'reject' = 'warn';

  /** Limits by metric, `null` where a metric is not assessed; the imaging module knows the metrics. */
  @Validate(IsThresholds)
  readonly thresholds: Thresholds = {};

  /** Limits for the images of one modality (DICOM `Modality`, such as `MR`), which go before `thresholds`. */
  @IsOptional()
  @Validate(IsThresholdsByModality)
  readonly by_modality?: Readonly<Record<string, Thresholds>>;
}

export class ManifestBatching {
  /** As many images at most run as one tensor. */
  @IsInt()
  @Min(1)
  @Max(64)
  readonly max: number;
}

/** What the author of a manifest writes, golden samples aside. A new field is added here, with its rules. */
export class ManifestFields {
  @MaxLength(64)
  @Matches(NAME, { message: 'must be letters and digits, in groups joined by dot, hyphen or underscore' })
  readonly model_name: string;

  @MaxLength(64)
  @Matches(SEMVER, { message: 'must be a semantic version (semver.org)' })
  readonly version: string;

  @Matches(DOMAIN, { message: 'must be 1 to 64 letters, digits and spaces' })
  readonly clinical_domain: string;

  /** A word of warning or of scope that goes with every answer of the model. */
  @IsOptional()
  @IsString()
  @Matches(/^\P{Cc}{1,256}$/u, { message: 'must be 1 to 256 printable characters' })
  readonly intended_use?: string;

  /** A prediction below it is reported as not above the threshold. */
  @IsNumber(NUMBERS)
  @Min(0)
  @Max(1)
  readonly confidence_threshold: number = 0.85;

  @IsArray()
  @ArrayMaxSize(10_000)
  @ArrayUnique()
  @IsString(EACH)
  @MinLength(1, EACH)
  @MaxLength(256, EACH)
  readonly labels: readonly string[] = [];

  @IsObject()
  @ValidateNested()
  @Type(() => ManifestInput)
  readonly input: ManifestInput = new ManifestInput();

  @IsObject()
  @ValidateNested()
  @Type(() => ManifestOutput)
  readonly output: ManifestOutput = new ManifestOutput();

  @IsObject()
  @ValidateNested()
  @Type(() => ManifestQuality)
  readonly quality: ManifestQuality = new ManifestQuality();

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ManifestBatching)
  readonly batching?: ManifestBatching;
}

export type NestedNumbers = number | readonly NestedNumbers[];

/** An image and what the model must make of it: form 1 of an inference, and every number of the outputs named. */
export interface GoldenSample {
  readonly input: {
    readonly image?: string;
    readonly data?: readonly number[];
    readonly width?: number;
    readonly height?: number;
    readonly channels?: number;
  };
  readonly output: Readonly<Record<string, NestedNumbers>>;
  /** Largest absolute difference of a number. */
  readonly tolerance: number;
}

/** What a model version expects and promises. Part of the version's identity and immutable with it. */
export interface Manifest extends ManifestFields {
  readonly golden: readonly GoldenSample[];
}
