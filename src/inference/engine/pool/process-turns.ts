import { unavailable } from './unavailable';
import type { EngineProcess } from './engine-process-handle';

interface Errand {
  readonly grant: () => void;
  readonly refuse: (reason: unknown) => void;
}

/** Who may use which process, one user at a time. An errand for one process in particular goes before the requests. */
export class ProcessTurns {
  private readonly idle = new Set<EngineProcess>();
  private readonly used = new Set<EngineProcess>();
  private readonly errands = new Map<EngineProcess, Errand[]>();

  /** @param onIdle a process has nothing to do: `take` it */
  constructor(private readonly onIdle: () => void) {}

  get ready(): number {
    return this.idle.size + this.used.size;
  }

  get busy(): number {
    return this.used.size;
  }

  get hasIdle(): boolean {
    return this.idle.size > 0;
  }

  /** One that is idle, and is left so. */
  peek(): EngineProcess | undefined {
    const [process] = this.idle;
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

  /** Also for a process that is new. Does nothing with one that has ended. */
  free(process: EngineProcess): void {
    if (process.ended) return;
    const errand = this.errands.get(process)?.shift();
    if (errand !== undefined) {
      this.use(process);
      errand.grant();
      return;
    }
    this.used.delete(process);
    this.idle.add(process);
    this.onIdle();
  }

  /**
   * Does `work` while nobody else has the process.
   * @throws DomainError ENGINE_UNAVAILABLE when the process ends before that
   */
  async alone<Result>(process: EngineProcess, work: () => Promise<Result>): Promise<Result> {
    await this.turn(process);
    return work().finally(() => this.free(process));
  }

  /** Resolves when the process is this user's, to be given back with `free`. */
  turn(process: EngineProcess): Promise<void> {
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

  /** The process has ended. */
  end(process: EngineProcess): void {
    this.idle.delete(process);
    this.used.delete(process);
    for (const { refuse } of this.errands.get(process) ?? []) refuse(unavailable());
    this.errands.delete(process);
  }

  private use(process: EngineProcess): void {
    this.idle.delete(process);
    this.used.add(process);
  }
}
