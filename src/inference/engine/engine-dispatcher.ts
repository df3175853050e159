import { DomainError } from '../../errors/domain.error';
import { preprocessingDuration, qualityFailures, queueDuration, runDuration } from './engine.metrics';
import type { EngineAnswer, EngineModel, EngineRequest } from './inference-engine';
import { Job } from './job';
import { costsProcess, type ModelBreaker } from './model-breaker';
import { runModel } from './pool/engine-calls';
import type { EnginePool } from './pool/engine-pool';
import type { EngineProcess } from './pool/engine-process-handle';
import type { RunAnswer } from './protocol/engine-protocol';
import { EngineQueue, NOT_BEGUN, STILL_LOADING } from './queue/engine-queue';
import { ServiceTimes } from './queue/service-times';
import { watch } from './queue/watch';

interface Means {
  readonly queueLimit: number;
  readonly breaker: ModelBreaker;
  readonly pool: () => EnginePool;
  /** Makes sure that a process holds the model. */
  readonly equip: (process: EngineProcess, model: EngineModel) => Promise<void>;
  readonly onRun: (process: EngineProcess, model: EngineModel) => void;
}

/** Brings the requests that wait and the processes that are idle together. */
export class EngineDispatcher {
  readonly times = new ServiceTimes();
  private readonly queue: EngineQueue<Job>;

  constructor(private readonly means: Means) {
    this.queue = new EngineQueue({
      limit: means.queueLimit,
      times: this.times,
      served: () => means.pool().turns.ready,
      late: NOT_BEGUN,
    });
  }

  get queued(): number {
    return this.queue.length;
  }

  async run(model: EngineModel, request: EngineRequest): Promise<EngineAnswer> {
    request.signal?.throwIfAborted();
    const pool = this.means.pool();
    pool.anyProcess();
    this.means.breaker.assertMayWait(model.id);
    const job = new Job(model, request);
    this.queue.push(job);
    this.dispatch();
    return job.answer;
  }

  dispatch(): void {
    const { turns } = this.means.pool();
    while (turns.hasIdle) {
      const job = this.queue.shift();
      if (job === undefined) return;
      if (this.admits(job)) void this.serve(turns.take(job.modelId)!, job);
    }
  }

  refuseAll(reason: DomainError): void {
    this.queue.refuseAll(reason);
  }

  private admits(job: Job): boolean {
    try {
      this.assertTime(job);
      this.means.breaker.begin(job.modelId);
      return true;
    } catch (error) {
      job.refuse(error);
      return false;
    }
  }

  /** A process that is busy at the deadline is killed: it had better not begin with what has no time left. */
  private hasTime({ modelId, request, remainingMs }: Job): boolean {
    const hasWaited = remainingMs < request.deadlineMs / 2;
    return remainingMs > (hasWaited ? 2 * this.times.of(modelId) : 0);
  }

  private assertTime(job: Job): void {
    if (!this.hasTime(job)) throw this.queue.busy(NOT_BEGUN);
  }

  private async serve(process: EngineProcess, job: Job): Promise<void> {
    let load: Promise<void> | undefined;
    try {
      if (!process.models.has(job.modelId)) {
        load = this.means.equip(process, job.model);
        await this.inTime(load, job);
        this.assertTime(job);
      }
      job.signal?.throwIfAborted();
      await this.runTogether(process, [job, ...this.mates(job)]);
    } catch (error) {
      job.refuse(error);
      await Promise.allSettled([load]);
      this.means.breaker.undecided(job.modelId);
    }
    this.means.pool().turns.free(process);
    this.dispatch();
  }

  /** A load that its request does not wait for any longer goes on: it will be of use to the next one. */
  private async inTime(load: Promise<void>, job: Job): Promise<void> {
    let unwatch: (() => void) | undefined;
    const left = new Promise<never>((_, leave) => {
      unwatch = watch(job, leave, () => this.queue.busy(STILL_LOADING));
    });
    await Promise.race([load, left]).finally(unwatch);
  }

  /** Others that may share the tensor of this one, and leave something to do for the other processes. */
  private mates({ model, alone, remainingMs }: Job): Job[] {
    const { pool, breaker } = this.means;
    const max = model.batching?.max ?? 1;
    if (max === 1 || alone || breaker.isOpen(model.id)) return [];
    const share = Math.ceil((this.queue.length + 1) / Math.max(pool().turns.ready, 1));
    const inTime = Math.floor(remainingMs / (2 * this.times.of(model.id)));
    const suits = (job: Job): boolean => job.modelId === model.id && !job.alone && this.hasTime(job);
    return this.queue.shiftAll(suits, Math.max(Math.min(max, share, inTime), 1) - 1);
  }

  private async runTogether(process: EngineProcess, jobs: readonly Job[]): Promise<void> {
    const [{ model }] = jobs as [Job];
    const { breaker, onRun } = this.means;
    const began = performance.now();
    const leftMs = Math.min(...jobs.map(({ remainingMs }) => remainingMs));
    // if they hang together there must be time for each alone
    const deadlineMs = jobs.length > 1 ? leftMs / 2 : leftMs;
    const sources = jobs.map(({ request }) => request.source);
    try {
      const answers = await runModel(process, model.id, sources, deadlineMs);
      this.times.observe(model.id, (performance.now() - began) / jobs.length);
      for (const [i, job] of jobs.entries()) this.settle(job, answers[i]!, began);
      onRun(process, model);
    } catch (error) {
      const fatal = costsProcess(error);
      if (fatal) breaker.failed(model);
      else breaker.undecided(model.id);
      for (const job of jobs) {
        if (fatal && jobs.length > 1 && this.hasTime(job)) this.runAgainAlone(job);
        else job.refuse(error);
      }
    }
  }

  private settle(job: Job, outcome: RunAnswer | DomainError, began: number): void {
    job.settle(outcome, began);
    if (outcome instanceof DomainError) {
      this.means.breaker.undecided(job.modelId);
      return;
    }
    const { name: model, version } = job.model;
    queueDuration.observe({ model, version }, (began - job.since) / 1000);
    preprocessingDuration.observe({ model, version }, outcome.preprocessingMs / 1000);
    for (const code of outcome.validation.error_codes) qualityFailures.inc({ model, version, code });
    if (outcome.outputs === null) {
      this.means.breaker.undecided(job.modelId);
      return;
    }
    runDuration.observe({ model, version }, outcome.inferenceMs / 1000);
    this.means.breaker.answered(job.modelId);
  }

  /** The others of its tensor have done nothing wrong, and nobody knows which of them it was. */
  private runAgainAlone(job: Job): void {
    job.alone = true;
    this.queue.putBack(job);
  }
}
