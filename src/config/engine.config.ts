import { availableParallelism } from 'node:os';
import type { Environment } from './environment';

const MEBIBYTE = 1024 ** 2;

export class EngineConfig {
  /** Child processes, each running one model at a time. */
  readonly processes: number;
  /**
   * Of a process, for one run. ENGINE_PROFILE=throughput has a process a core with one thread each; latency has two
   * threads in half as many processes, so that one request alone is answered sooner.
   */
  readonly threads: number;
  /** Images that may wait for a process. */
  readonly queueLimit: number;
  /** The data segment of a process; a model that asks for more fails. */
  readonly memoryLimitBytes: number;
  /** Above it a process is replaced, by one with the models that were used last, as many as fit. */
  readonly memoryBudgetBytes: number;
  /** For the start of a process, and for loading a model with its first run. */
  readonly loadDeadlineMs: number;

  /** For one image, from its arrival at the engine to its answer. */
  readonly deadlineMs: number;

  constructor(env: Environment) {
    const cores = Math.min(availableParallelism(), 64);
    const latency = env.oneOf('ENGINE_PROFILE', ['throughput', 'latency'], 'throughput') === 'latency';
    this.threads = latency ? 2 : 1;
    this.processes = env.integer('ENGINE_PROCESSES', Math.ceil(cores / this.threads), 1, 64);
    this.queueLimit = env.integer('ENGINE_QUEUE_LIMIT', 256 * this.processes, 1, 100_000);
    const limit = env.integer('ENGINE_MEMORY_LIMIT_MIB', 4096, 256, 1_048_576);
    const budget = env.integer('ENGINE_MEMORY_BUDGET_MIB', Math.floor(limit / 2), 128, limit);
    this.memoryLimitBytes = limit * MEBIBYTE;
    this.memoryBudgetBytes = budget * MEBIBYTE;
    this.loadDeadlineMs = env.integer('ENGINE_LOAD_DEADLINE_SECONDS', 60, 1, 3600) * 1000;
    this.deadlineMs = 1000 * env.integer('INFERENCE_DEADLINE_SECONDS', 30, 1, 600);
    if (env.text('ENGINE_URL') !== undefined) {
      env.problem(
        'ENGINE_URL: remote engines are not supported by this version; unset it to use the local engine',
      );
    }
  }
}
