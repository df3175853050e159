import { Histogram } from 'prom-client';

export const persistenceDuration = new Histogram({
  name: 'medai_inference_persistence_duration_seconds',
  help: 'From an image’s answer by the engine until its result, checks and audit entry are committed',
  labelNames: ['model', 'version'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});
