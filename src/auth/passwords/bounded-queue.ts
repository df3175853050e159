import { DomainError } from '../../errors/domain.error';

/** Lets at most `concurrency` in at once and keeps at most `capacity` waiting, in order. */
export class BoundedQueue {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly capacity: number,
  ) {}

  /** True when nobody is inside or waiting. */
  get idle(): boolean {
    return this.inside === 0;
  }

  /**
   * @returns what lets the next one in; it may be called more than once
   * @throws DomainError LOGIN_BUSY when too many are waiting
   */
  async enter(): Promise<() => void> {
    if (this.inside < this.concurrency) this.inside++;
    else await this.turn();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.waiting.shift();
      if (next === undefined) this.inside--;
      else next();
    };
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await job();
    } finally {
      leave();
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= this.capacity) {
      throw new DomainError('LOGIN_BUSY', undefined, { retryAfterSeconds: 2 });
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
