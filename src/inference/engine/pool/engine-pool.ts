import { Logger } from '@nestjs/common';
import { DomainError } from '../../../errors/domain.error';
import type { ErrorCode } from '../../../errors/error-codes';
import { processRestarts } from '../engine.metrics';
import { EngineProcess } from './engine-process-handle';
import { ProcessTurns } from './process-turns';
import { LONGEST_PAUSE_MS, unavailable } from './unavailable';

export interface EnginePoolOptions {
  /** As many as there should be. */
  readonly processes: number;
  readonly memoryLimitBytes: number;
  readonly startDeadlineMs: number;
  /** What a new process does before it takes calls. It does not throw while the process is alive. */
  readonly prepare: (process: EngineProcess) => Promise<void>;
  /** A process has nothing to do. */
  readonly onIdle: () => void;
  /** There is no process, and there will be none for some time. */
  readonly onNone: (reason: DomainError) => void;
}

const FIRST_PAUSE_MS = 200;

const LOSSES: Readonly<Partial<Record<ErrorCode, string>>> = {
  ENGINE_TIMEOUT: 'timeout',
  ENGINE_CRASHED: 'crash',
};

/**
 * Keeps as many engine processes as there should be. A process that dies is replaced at once; one that dies before it is
 * ready is replaced after a pause that doubles each time.
 */
export class EnginePool {
  readonly turns: ProcessTurns;
  /** Processes lost since the start. */
  restarts = 0;
  private readonly logger = new Logger('OnnxEngine');
  /** Those that start, are idle or are in use. */
  private readonly running = new Set<EngineProcess>();
  /** Also those that were killed and have not gone yet. */
  private readonly alive = new Set<EngineProcess>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private readonly renewing = new WeakSet<EngineProcess>();
  private renewals = Promise.resolve();
  private closed = false;

  constructor(private readonly options: EnginePoolOptions) {
    this.turns = new ProcessTurns(options.onIdle);
    for (let i = 0; i < options.processes; i++) void this.start(0);
  }

  get processes(): readonly EngineProcess[] {
    return [...this.running];
  }

  /**
   * One that is idle, if there is any.
   * @throws DomainError ENGINE_UNAVAILABLE when there is no process that a request could wait for
   */
  anyProcess(): EngineProcess {
    const [first] = this.running;
    const process = this.turns.peek() ?? first;
    if (process === undefined) throw unavailable();
    return process;
  }

  /** Does `work` while nobody else has the process; with another process when one ends before its turn has come. */
  async aloneWithAny<Result>(work: (process: EngineProcess) => Promise<Result>): Promise<Result> {
    for (;;) {
      const process = this.anyProcess();
      const turn = this.turns.turn(process).then(() => true);
      if (await turn.catch(() => false)) return work(process).finally(() => this.turns.free(process));
    }
  }

  /** Puts a fresh process in the place of this one, which goes on until the fresh one is ready. One after the other. */
  renew(process: EngineProcess): Promise<void> {
    if (!this.renewing.has(process)) {
      this.renewing.add(process);
      this.renewals = this.renewals.then(() => this.replaceByFresh(process));
    }
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
    if (process.ended || this.closed) return;
    if (!(await this.start(0))) {
      this.renewing.delete(process);
      return;
    }
    await this.turns.turn(process).then(
      () => process.kill('ENGINE_UNAVAILABLE'),
      () => undefined,
    );
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
      this.turns.free(process);
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      this.logger.error({
        event: 'engine.process_not_started',
        code: (error as { code?: string }).code,
      });
      this.replace(failed);
      return false;
    }
  }

  private lose(process: EngineProcess, code: ErrorCode, failures: number): void {
    this.running.delete(process);
    this.turns.end(process);
    if (this.closed) return;
    processRestarts.inc({ cause: LOSSES[code] ?? 'renewal' });
    if (code in LOSSES) this.restarts++;
    this.replace(failures);
  }

  private async watch(process: EngineProcess): Promise<void> {
    this.alive.add(process);
    const { code, signal } = await process.exited;
    this.alive.delete(process);
    if (this.closed) return;
    const { pid } = process;
    if (this.renewing.has(process)) this.logger.log({ event: 'engine.process_renewed', pid });
    else this.logger.warn({ event: 'engine.process_ended', pid, exit_code: code, signal });
  }

  /** Does nothing about a process that has been renewed. */
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
