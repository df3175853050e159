// The runtime as the product's engine uses it: told to send nothing home before its binding is loaded.
import { createRequire } from 'node:module';

process.env.ORT_DISABLE_TELEMETRY = '1';
export const { InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node');
