// The models of the benchmarks (see make.py) and their manifests.
import { fileURLToPath } from 'node:url';

export const SIDE = 224;
export const MODELS = ['tiny', 'medium', 'heavy'];

const METRICS =
  'brightness_mean clipped_low clipped_high contrast_sd contrast_range noise_sigma sharpness_nvol'.split(' ');
const NOT_ASSESSED = Object.fromEntries(METRICS.map((metric) => [metric, null]));

export const fileOf = (name) => fileURLToPath(new URL(`${name}.onnx`, import.meta.url));

/** @param quality 'on': every check with its default limits; 'off': none is made */
export const manifestOf = (name, quality) => ({
  model_name: `bench-${name}-${quality}`,
  version: '1.0.0',
  clinical_domain: 'radiology',
  confidence_threshold: 0.5,
  labels: ['a', 'b'],
  input: {
    name: 'image',
    layout: 'NCHW',
    value_space: 'unit',
    resize: null,
    channels: 1,
    mean: [0],
    std: [1],
    range: [0, 1],
  },
  output: { name: 'probabilities', activation: 'none' },
  quality: { policy: 'warn', thresholds: quality === 'on' ? {} : NOT_ASSESSED },
  golden: [],
});
