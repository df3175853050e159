import { Logger } from '@nestjs/common';
import { DomainError } from '../../../errors/domain.error';
import type { ErrorCode } from '../../../errors/error-codes';
import { processRestarts } from '../engine.metrics';
import { EngineProcess } from './engine-process-handle';

export interface EnginePoolOptions {
  /** As many as there should be. */
  readonly processes: number;
  readonly memoryLimitBytes: number;
  readonly startDeadlineMs: number;
  /** What a new process does before it takes calls. It does not throw while the process is alive. */
  readonly prepare: (process: EngineProcess) => Promise<void>;
  /** A process is waiting for work: `take` it. */
  readonly onIdle: () => void;
  /** There is no process, and there will be none for some time. */
  readonly onNone: (reason: DomainError) => void;
}

interface Errand {
  readonly grant: () => void;
  readonly refuse: (reason: DomainError) => void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

const CAUSES: Readonly<Partial<Record<ErrorCode, string>>> = {
  ENGINE_TIMEOUT: 'timeout',
  ENGINE_CRASHED: 'crash',
};

/**
 * Keeps as many engine processes as there should be, and lets one user at a time have each of them. A process that dies
 * is replaced at once; one that dies before it is ready is replaced after a pause that doubles each time.
 */
export class EnginePool {
  /** Processes lost since the start. */
  restarts = 0;
  private readonly logger = new Logger('OnnxEngine');
  /** Those that start, are idle or are in use. */
  private readonly running = new Set<EngineProcess>();
  private readonly idle = new Set<EngineProcess>();
  private readonly used = new Set<EngineProcess>();
  /** Who waits for a process in particular; they go before the requests. */
  private readonly errands = new Map<EngineProcess, Errand[]>();
  /** Also those that were killed and have not gone yet. */
  private readonly alive = new Set<EngineProcess>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private renewals = Promise.resolve();
  private closed = false;

  constructor(private readonly options: EnginePoolOptions) {
    for (let i = 0; i < options.processes; i++) void this.start(0);
  }

  get processes(): readonly EngineProcess[] {
    return [...this.running];
  }

  get ready(): number {
    return this.idle.size + this.used.size;
  }

  get busy(): number {
    return this.used.size;
  }

  /**
   * One that is idle, if there is any.
   * @throws DomainError ENGINE_UNAVAILABLE when there is no process that a request could wait for
   */
  anyProcess(): EngineProcess {
    const [process] = [...this.idle, ...this.running];
    if (process === undefined) throw unavailable();
    return process;
  }

  /** An idle process, to be given back with `free`; one that holds the model if there is any. */
  take(modelId: string): EngineProcess | undefined {
    let taken: EngineProcess | undefined;
    for (const process of this.idle) {
      taken ??= process;
      if (process.models.has(modelId)) {
        taken = process;
        break;
      }
    }
    if (taken !== undefined) this.use(taken);
    return taken;
  }

  get hasIdle(): boolean {
    return this.idle.size > 0;
  }

  /** Does nothing with a process that has ended. */
  free(process: EngineProcess): void {
    if (process.ended) return;
    const errand = this.errands.get(process)?.shift();
    if (errand !== undefined) {
      errand.grant();
      return;
    }
    this.used.delete(process);
    this.idle.add(process);
    this.options.onIdle();
  }

  /**
   * Does `work` while nobody else has the process.
   * @throws DomainError ENGINE_UNAVAILABLE when the process ends before that
   */
  async alone<Result>(process: EngineProcess, work: () => Promise<Result>): Promise<Result> {
    await this.turn(process);
    try {
      return await work();
    } finally {
      this.free(process);
    }
  }

  /** Puts a fresh process in the place of this one, which goes on until the fresh one is ready. One after the other. */
  renew(process: EngineProcess): Promise<void> {
    this.renewals = this.renewals.then(() => this.replaceByFresh(process));
    return this.renewals;
  }

  /** Resolves when every process has ended. */
  async close(): Promise<void> {
    this.closed = true;
    for (const pause of this.pauses) clearTimeout(pause);
    for (const process of this.running) process.kill('ENGINE_UNAVAILABLE');
    await Promise.all([...this.alive].map(({ exited }) => exited));
  }

  private async replaceByFresh(process: EngineProcess): Promise<void> {
    if (process.ended || this.closed || !(await this.start(0))) return;
    await this.alone(process, async () => process.kill('ENGINE_UNAVAILABLE')).catch(() => undefined);
  }

  private use(process: EngineProcess): void {
    this.idle.delete(process);
    this.used.add(process);
  }

  private turn(process: EngineProcess): Promise<void> {
    if (process.ended) return Promise.reject(unavailable());
    if (this.idle.has(process)) {
      this.use(process);
      return Promise.resolve();
    }
    return new Promise((grant, refuse) => {
      const errands = this.errands.get(process) ?? [];
      this.errands.set(process, errands);
      errands.push({ grant, refuse });
    });
  }

  /**
   * @param failures processes in this place that ended before they were ready, in a row
   * @returns whether the process got ready
   */
  private async start(failures: number): Promise<boolean> {
    let failed = failures + 1;
    const onEnd = (ended: EngineProcess, code: ErrorCode): void => this.lose(ended, code, failed);
    try {
      const process = new EngineProcess({ ...this.options, onEnd });
      this.running.add(process);
      void this.watch(process);
      await process.ready;
      await this.options.prepare(process);
      if (process.ended) return false;
      failed = 0;
      this.used.add(process);
      this.free(process);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof DomainError) return false;
      this.logger.error({ event: 'engine process cannot be started', code });
      this.replace(failed);
      return false;
    }
  }

  private lose(process: EngineProcess, code: ErrorCode, failures: number): void {
    for (const set of [this.running, this.idle, this.used]) set.delete(process);
    for (const { refuse } of this.errands.get(process) ?? []) refuse(unavailable());
    this.errands.delete(process);
    if (this.closed) return;
    processRestarts.inc({ cause: CAUSES[code] ?? 'renewal' });
    if (code in CAUSES) this.restarts++;
    this.replace(failures);
  }

  private async watch(process: EngineProcess): Promise<void> {
    this.alive.add(process);
    const { code, signal } = await process.exited;
    this.alive.delete(process);
    if (this.closed) return;
    this.logger.warn({ event: 'engine process ended', pid: process.pid, code, signal });
  }

  private replace(failures: number): void {
    if (this.running.size + this.pauses.size >= this.options.processes) return;
    if (failures === 0) {
      void this.start(0);
      return;
    }
    if (this.running.size === 0) this.options.onNone(unavailable());
    const pause = setTimeout(
      () => {
        this.pauses.delete(pause);
        void this.start(failures);
      },
      Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS),
    );
    this.pauses.add(pause);
  }
}

export const unavailable = (): DomainError =>
  new DomainError('ENGINE_UNAVAILABLE', undefined, { retryAfterSeconds: LONGEST_PAUSE_MS / 1000 });
