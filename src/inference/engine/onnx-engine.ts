import { DomainError } from '../../errors/domain.error';
import type { ImageSource } from '../../imaging/image';
import { loadModel, runModel, unloadModel } from './pool/engine-calls';
import { EnginePool } from './pool/engine-pool';
import type { EngineProcess } from './pool/engine-process-handle';
import { tryModel } from './pool/model-trial';
import { EngineQueue } from './queue/engine-queue';
import {
  type EngineAnswer,
  type EngineHealth,
  type EngineModel,
  type EngineRequest,
  InferenceEngine,
  type ModelDescription,
  type ModelTrial,
  type Quarantine,
} from './inference-engine';

export interface OnnxEngineOptions {
  /** Models that run at the same time, each in a process of its own and on one thread. */
  readonly processes: number;
  /** Requests that may wait; 64 a process unless said otherwise. */
  readonly queueLimit?: number;
  /** For the start of a process, and for loading a model with its warm-up run; 60 s unless said otherwise. */
  readonly loadDeadlineMs?: number;
  /** For each run of a trial; 30 s unless said otherwise. */
  readonly runDeadlineMs?: number;
  /** See `EngineProcessOptions`; 4 GiB a process unless said otherwise. */
  readonly memoryLimitBytes?: number;
}

/** Runs models with onnxruntime in child processes: a model that hangs or crashes costs its own request only. */
export class OnnxEngine extends InferenceEngine {
  private readonly size: number;
  private readonly loadDeadlineMs: number;
  private readonly queue: EngineQueue<EngineProcess>;
  private readonly pool: EnginePool;
  private readonly descriptions = new Map<string, ModelDescription>();
  private readonly listeners: ((change: Quarantine) => void)[] = [];
  private readonly closing = new AbortController();
  private trialsDone: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: OnnxEngineOptions) {
    super();
    const { processes, queueLimit = 64 * processes, loadDeadlineMs = 60_000 } = options;
    const { memoryLimitBytes = 4 * 1024 ** 3 } = options;
    this.size = processes;
    this.loadDeadlineMs = loadDeadlineMs;
    this.queue = new EngineQueue(queueLimit);
    this.pool = new EnginePool({ processes, memoryLimitBytes, startDeadlineMs: loadDeadlineMs }, this.queue);
  }

  /** Process ids, for the operator. */
  get pids(): number[] {
    return this.pool.processes.flatMap(({ pid }) => pid ?? []);
  }

  /** One process tries the model before the others do, so that a hostile model does not stop them all. */
  async load(model: EngineModel): Promise<ModelDescription> {
    const loadInto = (process: EngineProcess): Promise<ModelDescription> =>
      this.holding(process, () => loadModel(process, model, this.loadDeadlineMs));
    const first = this.pool.anyProcess();
    const description = await loadInto(first);
    await Promise.all(this.pool.processes.filter((process) => process !== first).map(loadInto));
    this.descriptions.set(model.id, description);
    return description;
  }

  describe(modelId: string): ModelDescription | undefined {
    return this.descriptions.get(modelId);
  }

  /** One at a time, so that the memory they take is bounded. */
  trial(model: EngineModel, sources: readonly ImageSource[]): Promise<ModelTrial> {
    const { memoryLimitBytes = 4 * 1024 ** 3, runDeadlineMs = 30_000 } = this.options;
    const limits = { memoryLimitBytes, runDeadlineMs, loadDeadlineMs: this.loadDeadlineMs };
    const trial = this.trialsDone.then(() => tryModel(model, sources, limits, this.closing.signal));
    this.trialsDone = trial.catch(() => undefined);
    return trial;
  }

  onQuarantine(listener: (change: Quarantine) => void): void {
    this.listeners.push(listener);
  }

  async unload(modelId: string): Promise<void> {
    this.descriptions.delete(modelId);
    const unloadFrom = (process: EngineProcess): Promise<void> =>
      this.holding(process, () => unloadModel(process, modelId, this.loadDeadlineMs));
    await Promise.all(this.pool.processes.filter(({ models }) => models.has(modelId)).map(unloadFrom));
  }

  async run(model: EngineModel, { source, deadlineMs, signal }: EngineRequest): Promise<EngineAnswer> {
    this.pool.anyProcess();
    const arrival = performance.now();
    const waited = (): number => performance.now() - arrival;
    const prefers = ({ models }: EngineProcess): boolean => models.has(model.id);
    const process = await this.queue.acquire({ deadlineMs, signal, prefers });
    if (!process.models.has(model.id)) await this.loadFor(process, model, deadlineMs - waited());
    try {
      signal?.throwIfAborted();
      const queueMs = waited();
      if (queueMs >= deadlineMs) throw new DomainError('ENGINE_TIMEOUT');
      const answer = await runModel(process, model.id, source, deadlineMs - queueMs);
      return { ...answer, queueMs };
    } finally {
      this.queue.release(process);
    }
  }

  health(): EngineHealth {
    const { ready, busy, queued } = this.queue;
    return { processes: this.size, ready, busy, queued, restarts: this.pool.restarts, quarantined: [] };
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([this.pool.close(), this.trialsDone]);
  }

  /** A load that takes longer than its request may is not stopped: it will be of use to the next one. */
  private async loadFor(process: EngineProcess, model: EngineModel, deadlineMs: number): Promise<void> {
    const load = loadModel(process, model, this.loadDeadlineMs);
    try {
      await within(deadlineMs, load);
    } catch (error) {
      void Promise.allSettled([load]).then(() => this.queue.release(process));
      throw error;
    }
  }

  private async holding<Result>(process: EngineProcess, work: () => Promise<Result>): Promise<Result> {
    await this.queue.acquireOnly(process);
    return work().finally(() => this.queue.release(process));
  }
}

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DomainError('ENGINE_TIMEOUT')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
