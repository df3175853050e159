import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** What a model version expects and promises. Part of the version's identity and immutable with it. */
export interface Manifest {
  readonly model_name: string;
  /** Semantic version. */
  readonly version: string;
  readonly clinical_domain: string;
  /** A prediction below it is reported as not above the threshold. */
  readonly confidence_threshold: number;
  readonly labels: readonly string[];
  readonly input: {
    readonly name: string;
    readonly layout: 'NCHW' | 'NHWC';
    readonly value_space: 'unit' | 'stored' | 'modality' | 'voi';
    readonly burned_in?: 'reject' | 'warn';
    readonly resize: {
      readonly width: number;
      readonly height: number;
      readonly kernel: 'nearest' | 'bilinear' | 'bicubic';
      readonly antialias: boolean;
    } | null;
    readonly channels: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
    readonly range: readonly [number, number];
  };
  readonly output: { readonly name: string; readonly activation: 'none' | 'softmax' | 'sigmoid' };
  readonly quality: {
    readonly policy: 'warn' | 'reject';
    /** Limits by metric, `null` where a metric is not assessed; the imaging module knows the metrics. */
    readonly thresholds: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
  };
  readonly golden: readonly {
    readonly input: { readonly image: string };
    readonly output: readonly number[];
    readonly tolerance: number;
  }[];
}

/** SHA-256, in hexadecimal, of the manifest's RFC 8785 form. */
export function manifestHash(manifest: Manifest): string {
  return createHash('sha256')
    .update(canonicalize(manifest) ?? '')
    .digest('hex');
}
