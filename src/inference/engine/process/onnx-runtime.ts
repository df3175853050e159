import './telemetry-off';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { DomainError } from '../../../errors/domain.error';
import type { TensorDescription } from '../inference-engine';

export const RUNTIME_VERSION = `onnxruntime-node ${env.versions.node}`;

export type TensorData = Tensor['data'];

export interface Feed {
  readonly type: string;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

export interface Output extends Feed {
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
  static async open(file: Uint8Array, threads: number): Promise<OnnxSession> {
    return new OnnxSession(await InferenceSession.create(file, optionsOf(threads)));
  }

  /** @throws Error of the runtime */
  async run(feeds: ReadonlyMap<string, Feed>): Promise<Output[]> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { type, data, dims }] of feeds)
      tensors[name] = new Tensor(type as 'float32', data, dims);
    const outputs = await this.session.run(tensors);
    return Object.entries(outputs).map(([name, { type, data, dims }]) => ({ name, type, data, dims }));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

const optionsOf = (threads: number): InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: {
    session: {
      // A model loaded from memory may name files for its weights, and the runtime reads them: from an empty folder.
      model_external_initializers_file_folder_path: process.cwd(),
      // Threads that spin take the processor from the other processes.
      intra_op: { allow_spinning: '0' },
    },
  },
});

function describe(metadata: InferenceSession.ValueMetadata): TensorDescription {
  const { name } = metadata;
  return metadata.isTensor
    ? { name, type: metadata.type, shape: metadata.shape }
    : { name, type: 'other', shape: [] };
}

/**
 * What a failed run means. Memory that ran out is not given back to the system: ENGINE_CRASHED, and the process is to be
 * ended. What the runtime says of a failure within the model may quote the image's size, nothing else of it.
 */
export function runFailure(cause: unknown): DomainError {
  const message = cause instanceof Error ? cause.message : '';
  if (/alloc/i.test(message)) return new DomainError('ENGINE_CRASHED');
  const refused = /^(Got invalid dimensions|Invalid rank|Unexpected input data type)/.test(message);
  return refused
    ? new DomainError('MODEL_INPUT_INVALID')
    : new DomainError('MODEL_RUN_FAILED', undefined, { cause });
}
