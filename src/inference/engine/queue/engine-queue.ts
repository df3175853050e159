import { DomainError } from '../../../errors/domain.error';

export interface QueueRequest<Server> {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Such a server is taken first when several are free. */
  readonly prefers?: (server: Server) => boolean;
}

interface Waiter<Server> {
  /** Waits for this server alone: goes ahead of the requests and is not counted among them. */
  readonly only?: Server;
  readonly grant: (server: Server) => void;
  readonly refuse: (reason: unknown) => void;
}

const MAX_RETRY_AFTER_SECONDS = 60;

/** Who may use which server, one user at a time: first come, first served, with a bound on how many wait. */
export class EngineQueue<Server> {
  private readonly free = new Set<Server>();
  /** Servers in use and since when, in ms. */
  private readonly used = new Map<Server, number>();
  private readonly waiters = new Set<Waiter<Server>>();
  /** Moving average of how long a server is used at a time. */
  private usualMs = 0;

  constructor(private readonly limit: number) {}

  get ready(): number {
    return this.free.size + this.used.size;
  }

  get busy(): number {
    return this.used.size;
  }

  get queued(): number {
    return [...this.waiters].filter(({ only }) => only === undefined).length;
  }

  /**
   * A server, to be given back with `release`.
   * @throws DomainError ENGINE_BUSY, ENGINE_TIMEOUT when none was free in time; the signal's reason
   */
  async acquire({ deadlineMs, signal, prefers = () => true }: QueueRequest<Server>): Promise<Server> {
    signal?.throwIfAborted();
    const [first] = this.free;
    if (first !== undefined) return this.use([...this.free].find(prefers) ?? first);
    if (this.queued >= this.limit) {
      throw new DomainError('ENGINE_BUSY', undefined, { retryAfterSeconds: this.retryAfterSeconds() });
    }
    return this.wait(deadlineMs, signal);
  }

  /**
   * This server and no other, to be given back with `release`.
   * @throws the reason of `withdraw`
   */
  async acquireOnly(only: Server): Promise<Server> {
    if (this.free.has(only)) return this.use(only);
    return new Promise((grant, refuse) => this.waiters.add({ only, grant, refuse }));
  }

  /** `server` is free from now on. */
  offer(server: Server): void {
    const waiters = [...this.waiters];
    const next =
      waiters.find(({ only }) => only === server) ?? waiters.find(({ only }) => only === undefined);
    if (next === undefined) {
      this.free.add(server);
      return;
    }
    this.waiters.delete(next);
    next.grant(this.use(server));
  }

  /** Does nothing with a server that has been withdrawn. */
  release(server: Server): void {
    const since = this.used.get(server);
    if (since === undefined) return;
    this.used.delete(server);
    this.usualMs += (performance.now() - since - this.usualMs) * (this.usualMs === 0 ? 1 : 0.2);
    this.offer(server);
  }

  /** `server` is no more. */
  withdraw(server: Server, reason: unknown): void {
    this.free.delete(server);
    this.used.delete(server);
    this.refuse(({ only }) => only === server, reason);
  }

  refuseAll(reason: unknown): void {
    this.refuse(() => true, reason);
  }

  private use(server: Server): Server {
    this.free.delete(server);
    this.used.set(server, performance.now());
    return server;
  }

  private wait(deadlineMs: number, signal?: AbortSignal): Promise<Server> {
    const end = new AbortController();
    return new Promise<Server>((grant, refuse) => {
      const waiter = { grant, refuse };
      const leave = (reason: unknown): void => {
        this.waiters.delete(waiter);
        refuse(reason);
      };
      const timer = setTimeout(() => leave(new DomainError('ENGINE_TIMEOUT')), deadlineMs);
      end.signal.addEventListener('abort', () => clearTimeout(timer));
      signal?.addEventListener('abort', () => leave(signal.reason), { signal: end.signal });
      this.waiters.add(waiter);
    }).finally(() => end.abort());
  }

  private refuse(concerned: (waiter: Waiter<Server>) => boolean, reason: unknown): void {
    for (const waiter of [...this.waiters].filter(concerned)) {
      this.waiters.delete(waiter);
      waiter.refuse(reason);
    }
  }

  private retryAfterSeconds(): number {
    const seconds = Math.ceil((this.queued * this.usualMs) / Math.max(this.ready, 1) / 1000);
    return Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS);
  }
}
