import './telemetry-off';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { DomainError } from '../../../errors/domain.error';
import type { TensorDescription } from '../inference-engine';

export const RUNTIME_VERSION = `onnxruntime-node ${env.versions.node}`;

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  // A model loaded from memory may name files for its weights, and the runtime reads them: from an empty folder.
  extra: { session: { model_external_initializers_file_folder_path: process.cwd() } },
};

export interface Output extends Pick<Tensor, 'data' | 'dims'> {
  readonly name: string;
}

/** A model in the hands of onnxruntime. `open` and `run` block the event loop for as long as they take. */
export class OnnxSession {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];

  private constructor(private readonly session: InferenceSession) {
    this.inputs = session.inputMetadata.map(describe);
    this.outputs = session.outputMetadata.map(describe);
  }

  /** @throws Error of the runtime */
  static async open(file: Uint8Array): Promise<OnnxSession> {
    return new OnnxSession(await InferenceSession.create(file, OPTIONS));
  }

  /** @throws Error of the runtime */
  async run(input: string, data: Float32Array, dims: readonly number[]): Promise<Output[]> {
    const outputs = await this.session.run({ [input]: new Tensor('float32', data, dims) });
    return Object.entries(outputs).map(([name, { data, dims }]) => ({ name, data, dims }));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

function describe(metadata: InferenceSession.ValueMetadata): TensorDescription {
  const { name } = metadata;
  return metadata.isTensor
    ? { name, type: metadata.type, shape: metadata.shape }
    : { name, type: 'other', shape: [] };
}

/**
 * What a failed run means. Memory that ran out is not given back to the system, so that the process is to be ended;
 * everything else the runtime finds wrong while it runs comes from an input that does not suit the model.
 */
export function runFailure(error: unknown): DomainError {
  const outOfMemory = error instanceof Error && /alloc/i.test(error.message);
  return new DomainError(outOfMemory ? 'ENGINE_CRASHED' : 'MODEL_INPUT_INVALID');
}
