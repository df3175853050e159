import type { ImageSource } from '../../imaging/image';
import { EngineDispatcher } from './engine-dispatcher';
import { measured } from './engine.metrics';
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
import { costsProcess, ModelBreaker } from './model-breaker';
import { loadModel } from './pool/engine-calls';
import { EnginePool } from './pool/engine-pool';
import type { EngineProcess } from './pool/engine-process-handle';
import { ModelShelf } from './pool/model-shelf';
import { tryModel } from './pool/model-trial';
import { unavailable } from './pool/unavailable';

const MEBIBYTE = 1024 ** 2;

export interface OnnxEngineOptions {
  /** Models that run at the same time, each in a process of its own. */
  readonly processes: number;
  /** Of each process, for one run; 1 unless said otherwise. */
  readonly threads?: number;
  /** Requests that may wait; 256 a process unless said otherwise. */
  readonly queueLimit?: number;
  /** For the start of a process, and for loading a model with its warm-up run; 60 s unless said otherwise. */
  readonly loadDeadlineMs?: number;
  /** For each run of a trial; 30 s unless said otherwise. */
  readonly trialDeadlineMs?: number;
  /** See `EngineProcessOptions`; 4 GiB a process unless said otherwise. */
  readonly memoryLimitBytes?: number;
  /**
   * What a process may hold for long; half the limit unless said otherwise. One that holds more is replaced, by one with
   * the models that were used last, as many as fit.
   */
  readonly memoryBudgetBytes?: number;
  /** A process that has grown although its models fit is replaced after so long; 60 s unless said otherwise. */
  readonly renewAfterMs?: number;
}

/** Runs models with onnxruntime in child processes: a model that hangs or crashes costs its own request only. */
export class OnnxEngine extends InferenceEngine {
  private readonly options: Required<OnnxEngineOptions>;
  private readonly shelf = new ModelShelf();
  private readonly listeners: ((change: Quarantine) => void)[] = [];
  private readonly breaker = new ModelBreaker((change) =>
    this.listeners.forEach((listener) => listener(change)),
  );
  private readonly dispatcher: EngineDispatcher;
  private readonly pool: EnginePool;
  private readonly closing = new AbortController();
  private trials: Promise<unknown> = Promise.resolve();
  private readonly unmeasure = measured(() => this.health());

  constructor(options: OnnxEngineOptions) {
    super();
    const { processes, memoryLimitBytes = 4096 * MEBIBYTE } = options;
    this.options = {
      threads: 1,
      queueLimit: 256 * processes,
      loadDeadlineMs: 60_000,
      trialDeadlineMs: 30_000,
      memoryLimitBytes,
      memoryBudgetBytes: memoryLimitBytes / 2,
      renewAfterMs: 60_000,
      ...options,
    };
    this.dispatcher = new EngineDispatcher({
      queueLimit: this.options.queueLimit,
      breaker: this.breaker,
      pool: () => this.pool,
      equip: (process, model) => this.equip(process, model),
      onRun: (process, model) => this.afterRun(process, model),
    });
    this.pool = new EnginePool({
      processes,
      memoryLimitBytes,
      startDeadlineMs: this.options.loadDeadlineMs,
      prepare: (process) => this.prepare(process),
      onIdle: () => this.dispatcher.dispatch(),
      onNone: (reason) => this.dispatcher.refuseAll(reason),
    });
  }

  /** Process ids, for the operator. */
  get pids(): number[] {
    return this.pool.processes.flatMap(({ pid }) => pid ?? []);
  }

  /** One process tries the model before the others do, so that a hostile model does not stop them all. */
  async load(model: EngineModel): Promise<ModelDescription> {
    this.breaker.assertMayWait(model.id);
    await this.pool.aloneWithAny((process) => this.equip(process, model));
    this.shelf.touch(model.id);
    // one that ends meanwhile is replaced by one that has all models of the shelf
    const loads = this.pool.processes.map(async (process) => {
      const load = this.pool.turns.alone(process, () => this.equip(process, model));
      await load.catch((error: unknown) => {
        if (!process.ended) throw error;
      });
    });
    await Promise.all(loads);
    return this.shelf.get(model.id)!.description;
  }

  /** Memory comes back with the end of a process only: those that hold the model are renewed, one after the other. */
  async unload(modelId: string): Promise<void> {
    this.shelf.remove(modelId);
    this.breaker.forget(modelId);
    this.dispatcher.times.forget(modelId);
    const holders = this.pool.processes.filter(({ models }) => models.delete(modelId));
    await Promise.all(holders.map((process) => this.pool.renew(process)));
  }

  describe(modelId: string): ModelDescription | undefined {
    return this.shelf.get(modelId)?.description;
  }

  run(model: EngineModel, request: EngineRequest): Promise<EngineAnswer> {
    return this.dispatcher.run(model, request);
  }

  /** One at a time, so that the memory they take is bounded. */
  trial(model: EngineModel, sources: readonly ImageSource[]): Promise<ModelTrial> {
    const trial = this.trials.then(() => tryModel(model, sources, this.options, this.closing.signal));
    this.trials = trial.catch(() => undefined);
    return trial;
  }

  onQuarantine(listener: (change: Quarantine) => void): void {
    this.listeners.push(listener);
  }

  health(): EngineHealth {
    const { ready, busy } = this.pool.turns;
    const { restarts } = this.pool;
    const { queued } = this.dispatcher;
    const { quarantined } = this.breaker;
    return { processes: this.options.processes, ready, busy, queued, restarts, quarantined };
  }

  async close(): Promise<void> {
    this.unmeasure();
    this.closing.abort();
    const closed = this.pool.close();
    this.dispatcher.refuseAll(unavailable());
    await Promise.all([closed, this.trials]);
  }

  private async equip(process: EngineProcess, model: EngineModel): Promise<void> {
    if (process.models.has(model.id)) return;
    const { loadDeadlineMs: deadlineMs, threads } = this.options;
    try {
      const description = await loadModel(process, model, { deadlineMs, threads });
      this.dispatcher.times.guess(model.id, description.warmUpMs);
      if (this.shelf.get(model.id) === undefined) this.shelf.put(model, description);
    } catch (error) {
      if (costsProcess(error)) this.breaker.failed(model);
      throw error;
    }
  }

  private async prepare(process: EngineProcess): Promise<void> {
    for (const model of this.shelf.fitting(this.options.memoryBudgetBytes)) {
      if (process.ended) return;
      if (!this.breaker.isOpen(model.id)) await this.equip(process, model).catch(() => undefined);
    }
  }

  private afterRun(process: EngineProcess, model: EngineModel): void {
    this.shelf.touch(model.id);
    const { memoryBudgetBytes, renewAfterMs } = this.options;
    if (process.rssBytes <= memoryBudgetBytes) return;
    const crowded = process.models.size > 1 && this.shelf.bytesOf(process.models) > memoryBudgetBytes;
    const old = performance.now() - process.startedAt > renewAfterMs;
    if (crowded || old) void this.pool.renew(process);
  }
}
