import { DomainError } from '../../errors/domain.error';
import { loadModel, runModel, unloadModel } from './engine-calls';
import { EnginePool } from './engine-pool';
import type { EngineProcess } from './engine-process-handle';
import { EngineQueue } from './engine-queue';
import {
  type EngineAnswer,
  type EngineHealth,
  type EngineModel,
  type EngineRequest,
  InferenceEngine,
  type ModelDescription,
} from './inference-engine';

export interface OnnxEngineOptions {
  /** Models that run at the same time, each in a process of its own and on one thread. */
  readonly processes: number;
  /** Requests that may wait; 64 a process unless said otherwise. */
  readonly queueLimit?: number;
  /** For the start of a process, and for loading a model with its warm-up run; 60 s unless said otherwise. */
  readonly loadDeadlineMs?: number;
  /** See `EngineProcessOptions`; 4 GiB a process unless said otherwise. */
  readonly memoryLimitBytes?: number;
}

/** Runs models with onnxruntime in child processes: a model that hangs or crashes costs its own request only. */
export class OnnxEngine extends InferenceEngine {
  private readonly size: number;
  private readonly loadDeadlineMs: number;
  private readonly queue: EngineQueue<EngineProcess>;
  private readonly pool: EnginePool;

  constructor(options: OnnxEngineOptions) {
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
    return description;
  }

  async unload(modelId: string): Promise<void> {
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
    return { processes: this.size, ready, busy, queued, restarts: this.pool.restarts };
  }

  close(): Promise<void> {
    return this.pool.close();
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
