import { traced } from '../tracing/tracing';
import { persistenceDuration } from './inference.metrics';

/** Stores what came of an image, in a span and measured under the model's version. */
export async function persisted<Result>(
  version: { readonly modelName: string; readonly version: string },
  store: () => Promise<Result>,
): Promise<Result> {
  const labels = { model: version.modelName, version: version.version };
  const done = persistenceDuration.startTimer(labels);
  try {
    return await traced('transaction', labels, store);
  } finally {
    done();
  }
}
