import { Logger } from '@nestjs/common';
import { DomainError } from '../../../errors/domain.error';
import { EngineProcess } from './engine-process-handle';
import type { EngineQueue } from '../queue/engine-queue';

export interface EnginePoolOptions {
  readonly processes: number;
  readonly memoryLimitBytes: number;
  readonly startDeadlineMs: number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps the engine processes alive and offers those that take calls to the queue. A process that dies is replaced at
 * once; one that dies before it is ready is replaced after a pause that doubles each time.
 */
export class EnginePool {
  restarts = 0;
  private readonly logger = new Logger('OnnxEngine');
  private readonly running = new Set<EngineProcess>();
  /** Also those that were killed and have not gone yet. */
  private readonly alive = new Set<EngineProcess>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private closed = false;

  constructor(
    private readonly options: EnginePoolOptions,
    private readonly queue: EngineQueue<EngineProcess>,
  ) {
    for (let i = 0; i < options.processes; i++) this.start(0);
  }

  /** Ready or about to be. */
  get processes(): readonly EngineProcess[] {
    return [...this.running];
  }

  /** @throws DomainError ENGINE_UNAVAILABLE when there is no process that a request could wait for */
  anyProcess(): EngineProcess {
    const [process] = this.running;
    if (process === undefined) throw unavailable();
    return process;
  }

  /** Resolves when every process has ended. */
  async close(): Promise<void> {
    this.closed = true;
    for (const pause of this.pauses) clearTimeout(pause);
    this.queue.refuseAll(unavailable());
    for (const process of this.running) process.kill('ENGINE_UNAVAILABLE');
    await Promise.all([...this.alive].map(({ exited }) => exited));
  }

  /** @param failures processes in this place that ended before they were ready, in a row */
  private start(failures: number): void {
    try {
      this.spawn(failures);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.logger.error({ event: 'engine process cannot be started', code });
      this.replace(failures + 1);
    }
  }

  private spawn(failures: number): void {
    let failed = failures + 1;
    const onEnd = (ended: EngineProcess): void => {
      this.running.delete(ended);
      this.queue.withdraw(ended, unavailable());
      if (!this.closed) this.replace(failed);
    };
    const process = new EngineProcess({ ...this.options, onEnd });
    this.running.add(process);
    const offer = (): void => {
      failed = 0;
      this.queue.offer(process);
    };
    process.ready.then(offer, () => undefined);
    void this.watch(process);
  }

  private async watch(process: EngineProcess): Promise<void> {
    this.alive.add(process);
    const { code, signal } = await process.exited;
    this.alive.delete(process);
    if (this.closed) return;
    this.logger.warn({ event: 'engine process ended', pid: process.pid, code, signal });
  }

  private replace(failures: number): void {
    this.restarts++;
    if (failures === 0) {
      this.start(0);
      return;
    }
    if (this.running.size === 0) this.queue.refuseAll(unavailable());
    const pause = setTimeout(
      () => {
        this.pauses.delete(pause);
        this.start(failures);
      },
      Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS),
    );
    this.pauses.add(pause);
  }
}

const unavailable = (): DomainError =>
  new DomainError('ENGINE_UNAVAILABLE', undefined, { retryAfterSeconds: LONGEST_PAUSE_MS / 1000 });
