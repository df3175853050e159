// The models of the benchmarks (see make.py) and their manifests.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { InferenceSession, Tensor } from '../onnxruntime.mjs';

export const SIDE = 224;
export const MODELS = ['tiny', 'medium', 'heavy'];

const { METRIC_NAMES } = createRequire(import.meta.url)('../../dist/imaging/quality/quality-metrics.js');
const NOT_ASSESSED = Object.fromEntries(METRIC_NAMES.map((metric) => [metric, null]));

export const modelName = (name, quality) => `bench-${name}-${quality}`;
export const fileOf = (name) => fileURLToPath(new URL(`${name}.onnx`, import.meta.url));

/** A version goes into production with a golden sample only: a grey square, and what the bare session makes of it. */
async function goldenOf(name) {
  const level = 128;
  const data = new Uint8Array(SIDE * SIDE).fill(level);
  const image = Buffer.from(encode({ width: SIDE, height: SIDE, data, channels: 1 })).toString('base64');
  const session = await InferenceSession.create(fileOf(name), { intraOpNumThreads: 1 });
  const input = new Tensor('float32', new Float32Array(SIDE * SIDE).fill(level / 255), [1, 1, SIDE, SIDE]);
  const { probabilities } = await session.run({ image: input });
  await session.release();
  return { input: { image }, output: { probabilities: [[...probabilities.data]] }, tolerance: 1e-4 };
}

/** @param quality 'on': every check with its default limits; 'off': none is made */
export const manifestOf = async (name, quality) => ({
  model_name: modelName(name, quality),
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
  golden: [await goldenOf(name)],
});
