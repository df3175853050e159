import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../src/errors/domain.error';
import type { ImageSource } from '../../src/imaging/image';
import { prepareImage } from '../../src/imaging/prepare-image';
import {
  type EngineAnswer,
  type EngineHealth,
  type EngineModel,
  type EngineRequest,
  InferenceEngine,
  type ModelDescription,
  type ModelTrial,
  type NestedArray,
  type Quarantine,
} from '../../src/inference/engine/inference-engine';
import { activate } from '../../src/inference/engine/process/activation';
import { accepts, signatureErrors } from '../../src/inference/engine/process/model-signature';
import { type ModelName, modelOf } from '../fixtures/models/models';

/** What a model of `test/fixtures/models` computes; null: it never ends. */
type Computation = (pixels: Float32Array) => (Record<string, NestedArray> & { scores: number[][] }) | null;

const mean = (pixels: Float32Array): number => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;

const COMPUTATIONS: Partial<Record<ModelName, Computation>> = {
  quarters(pixels) {
    const quarter = (x0: number, y0: number): number =>
      mean(pixels.filter((_, i) => Math.floor((i % 64) / 32) === x0 && Math.floor(i / 2048) === y0));
    const scores = [quarter(0, 0), quarter(1, 0), quarter(0, 1), quarter(1, 1)];
    return { scores: [scores], brightest: [scores.indexOf(Math.max(...scores))] };
  },
  nan: (pixels) => ({ scores: [[mean(pixels) / mean(pixels)]] }),
  'endless-run': (pixels) => (mean(pixels) > 0 ? null : { scores: [[0]] }),
};

const NAMES = new Map(Object.keys(COMPUTATIONS).map((name) => [modelOf(name as ModelName).fileHash, name]));

/** An engine without processes and without onnxruntime, for tests of what stands in front of an engine. */
export class FakeEngine extends InferenceEngine {
  /** Loads are done when this is. */
  gate = Promise.resolve();
  private readonly loaded = new Map<string, ModelDescription>();
  private readonly listeners: ((change: Quarantine) => void)[] = [];
  private readonly underWay = new Set<(error: DomainError) => void>();
  private closed = false;

  async load(model: EngineModel): Promise<ModelDescription> {
    const description = await this.open(model);
    await this.gate;
    this.loaded.set(model.id, description);
    return description;
  }

  async unload(modelId: string): Promise<void> {
    this.loaded.delete(modelId);
  }

  describe(modelId: string): ModelDescription | undefined {
    return this.loaded.get(modelId);
  }

  async run(model: EngineModel, { source, deadlineMs, signal }: EngineRequest): Promise<EngineAnswer> {
    signal?.throwIfAborted();
    if (this.closed) throw new DomainError('ENGINE_UNAVAILABLE');
    const description = this.loaded.get(model.id) ?? (await this.load(model));
    const { tensor, dims, ...about } = await prepareImage(source, model.input, model.quality);
    const answer = { ...about, queueMs: 0, preprocessingMs: 0, inferenceMs: 0, runtimeVersion: 'fake 1.0' };
    if (model.quality.policy === 'reject' && !about.validation.is_valid)
      return { ...answer, outputs: null, scores: [] };
    if (!accepts(description.inputs[0]!.shape, dims)) throw new DomainError('MODEL_INPUT_INVALID');
    const outputs =
      COMPUTATIONS[NAMES.get(model.fileHash) as ModelName]!(tensor) ?? (await this.never(deadlineMs));
    const scores = Float64Array.from(outputs.scores.flat());
    if (!scores.every(Number.isFinite)) throw new DomainError('MODEL_OUTPUT_INVALID');
    const judged = activate(scores, [1, scores.length], model.output.activation);
    return { ...answer, outputs, scores: Array.from(judged) };
  }

  async trial(model: EngineModel, sources: readonly ImageSource[]): Promise<ModelTrial> {
    const own = new FakeEngine();
    const description = await own.load(model);
    const request = { priority: 'normal', principalId: 'trial', deadlineMs: 1000 } as const;
    const answers = sources.map((source) =>
      own.run(model, { ...request, source }).catch((error: DomainError) => error),
    );
    return { description, answers: await Promise.all(answers) };
  }

  onQuarantine(listener: (change: Quarantine) => void): void {
    this.listeners.push(listener);
  }

  /** Nothing here can be killed: the test says what happens to a model. */
  change(modelId: string, state: Quarantine['state']): void {
    const about = { modelId, modelName: modelId, version: '1.0.0', retryAfterSeconds: 1 };
    for (const listener of this.listeners) listener({ ...about, state });
  }

  health(): EngineHealth {
    const busy = this.underWay.size;
    return { processes: 2, ready: this.closed ? 0 : 2, busy, queued: 0, restarts: 0, quarantined: [] };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const refuse of this.underWay) refuse(new DomainError('ENGINE_UNAVAILABLE'));
  }

  private async open(model: EngineModel): Promise<ModelDescription> {
    if (this.closed) throw new DomainError('ENGINE_UNAVAILABLE');
    const file = await readFile(await model.locate()).catch(() => undefined);
    const hash = file && createHash('sha256').update(file).digest('hex');
    if (hash !== model.fileHash) throw new DomainError('MODEL_INTEGRITY_FAILED');
    const name = NAMES.get(hash);
    if (name === undefined) throw new DomainError('MODEL_LOAD_FAILED');
    const inputs = [{ name: 'image', type: 'float32', shape: ['batch', 1, 64, 64] }];
    const outputs = [{ name: 'scores', type: 'float32', shape: ['batch', name === 'quarters' ? 4 : 'n'] }];
    if (name === 'quarters') outputs.push({ name: 'brightest', type: 'int64', shape: ['batch'] });
    const errors = signatureErrors(model, inputs, outputs);
    if (errors.length > 0) throw new DomainError('MODEL_MANIFEST_MISMATCH', undefined, { errors });
    return { inputs, outputs, loadMs: 0, warmUpMs: 0, memoryBytes: 0, runtimeVersion: 'fake 1.0' };
  }

  private never(deadlineMs: number): Promise<never> {
    if (this.closed) return Promise.reject(new DomainError('ENGINE_UNAVAILABLE'));
    return new Promise((_, reject) => {
      const timer = setTimeout(() => refuse(new DomainError('ENGINE_TIMEOUT')), deadlineMs);
      const refuse = (error: DomainError): void => {
        clearTimeout(timer);
        this.underWay.delete(refuse);
        reject(error);
      };
      this.underWay.add(refuse);
    });
  }
}
