import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../../errors/domain.error';
import type { ImageSource, PreparedImage } from '../../../imaging/image';
import { prepareImage } from '../../../imaging/prepare-image';
import { activate } from './activation';
import { elements, type ModelSpec, type RunReply } from '../protocol/engine-protocol';
import type { ModelDescription } from '../inference-engine';
import { accepts, signatureErrors, warmUpDims } from './model-signature';
import { OnnxSession, runFailure, RUNTIME_VERSION } from './onnx-runtime';
import { assertAnswerFits, numbersOf } from './output-numbers';

export interface Reply<Header> {
  readonly header: Header;
  readonly payload: readonly Float64Array[];
}

/** A verified and warm model of one engine process. */
export class EngineSession {
  private constructor(
    private readonly model: ModelSpec,
    private readonly session: OnnxSession,
    readonly description: ModelDescription,
  ) {}

  /** @throws DomainError MODEL_INTEGRITY_FAILED, MODEL_LOAD_FAILED, MODEL_MANIFEST_MISMATCH */
  static async load(model: ModelSpec, path: string): Promise<EngineSession> {
    const file = await readFile(path).catch(unreadable);
    const hash = createHash('sha256').update(file).digest('hex');
    if (hash !== model.fileHash) throw new DomainError('MODEL_INTEGRITY_FAILED');
    const started = performance.now();
    const session = await OnnxSession.open(file).catch(refuse);
    const loaded = performance.now();
    try {
      await warmUp(session, model);
    } catch (error) {
      await session.release();
      throw error;
    }
    return new EngineSession(model, session, {
      inputs: session.inputs,
      outputs: session.outputs,
      loadMs: loaded - started,
      warmUpMs: performance.now() - loaded,
      runtimeVersion: RUNTIME_VERSION,
    });
  }

  /**
   * Bytes as they were sent to scores. An image that the quality policy refuses does not reach the model.
   * @throws DomainError IMAGE_* codes, MODEL_INPUT_INVALID, MODEL_OUTPUT_INVALID; ENGINE_CRASHED when the memory is
   * used up, and then the process must end
   */
  async run(source: ImageSource): Promise<Reply<RunReply>> {
    const started = performance.now();
    const prepared = await prepareImage(source, this.model.input, this.model.quality);
    const { image, processing, validation } = prepared;
    const preprocessingMs = performance.now() - started;
    const refused = this.model.quality.policy === 'reject' && !validation.is_valid;
    const { tensors, payload, inferenceMs } = refused ? NOTHING : await this.infer(prepared);
    const runtimeVersion = RUNTIME_VERSION;
    return {
      header: { tensors, image, processing, validation, preprocessingMs, inferenceMs, runtimeVersion },
      payload,
    };
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private async infer({ tensor, dims }: PreparedImage): Promise<Inference> {
    const { input, output } = this.model;
    if (!accepts(this.session.inputs[0]?.shape ?? [], dims)) throw new DomainError('MODEL_INPUT_INVALID');
    const started = performance.now();
    const outputs = await this.session.run(input.name, tensor, dims).catch((error: unknown) => {
      throw runFailure(error);
    });
    const inferenceMs = performance.now() - started;
    assertAnswerFits(outputs);
    const payload = outputs.map(numbersOf);
    const judged = outputs.findIndex(({ name }) => name === output.name);
    payload.push(activate(payload[judged]!, outputs[judged]!.dims, output.activation));
    return { tensors: outputs.map(({ name, dims }) => ({ name, dims })), payload, inferenceMs };
  }
}

interface Inference {
  readonly tensors: RunReply['tensors'];
  readonly payload: readonly Float64Array[];
  readonly inferenceMs: number;
}

const NOTHING: Inference = { tensors: null, payload: [], inferenceMs: 0 };

async function warmUp(session: OnnxSession, model: ModelSpec): Promise<void> {
  const errors = signatureErrors(model, session.inputs, session.outputs);
  if (errors.length > 0) throw new DomainError('MODEL_MANIFEST_MISMATCH', undefined, { errors });
  const dims = warmUpDims(model.input, session.inputs[0]?.shape ?? []);
  await session.run(model.input.name, new Float32Array(elements(dims)), dims).catch(refuse);
}

function unreadable(cause: unknown): never {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  throw new DomainError(missing ? 'MODEL_INTEGRITY_FAILED' : 'MODEL_LOAD_FAILED', undefined, { cause });
}

function refuse(cause: unknown): never {
  throw new DomainError('MODEL_LOAD_FAILED', undefined, { cause });
}
