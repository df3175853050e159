import { setTimeout as sleep } from 'node:timers/promises';
import { Guesser, Sessions } from './accounts';
import { BatchRequest, type Caller, ImageRequest, type Operation, type Sendable } from './requests';

/** Clients that send images and batches, log in and guess until they are stopped, and write down what came of it. */
export class Workload {
  readonly operations: Operation[] = [];
  /** Statuses of GET /health/live; undefined: no answer. */
  readonly live: (number | undefined)[] = [];
  readonly sessions: Sessions;
  readonly guesser: Guesser;
  private readonly stopping = new AbortController();
  private readonly clients: Promise<unknown>;

  constructor(private readonly caller: Caller) {
    this.sessions = new Sessions(caller.wire);
    this.guesser = new Guesser(caller.wire);
    const image = (): Sendable => new ImageRequest(caller);
    const batch = (n: number): Sendable => new BatchRequest(caller, n % 2 === 1);
    const { signal } = this.stopping;
    this.clients = Promise.all([
      this.keepSending(image),
      this.keepSending(image),
      this.keepSending(batch),
      this.sessions.run(signal),
      this.guesser.run(signal),
      this.probe(),
    ]);
  }

  /** The first answer with a result after `since`. */
  async nextOk(since: number): Promise<Operation> {
    for (;;) {
      const found = this.operations.find(({ outcome, answeredAt }) => outcome === 'ok' && answeredAt > since);
      if (found !== undefined) return found;
      await sleep(10);
    }
  }

  /** So many images at a time. */
  async burst(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.send(new ImageRequest(this.caller))));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.clients;
  }

  private async keepSending(next: (n: number) => Sendable): Promise<void> {
    for (let n = 0; !this.stopping.signal.aborted; n++) if (!(await this.send(next(n)))) await sleep(100);
  }

  /** @returns whether all of it was answered */
  private async send(request: Sendable): Promise<boolean> {
    const operations = await request.send();
    this.operations.push(...operations);
    return operations.every(({ outcome }) => outcome === 'ok');
  }

  private async probe(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const signal = AbortSignal.timeout(2_000);
      const answer = await fetch(`${this.caller.wire.url}/health/live`, { signal }).catch(() => undefined);
      this.live.push(answer?.status);
      await sleep(100);
    }
  }
}
