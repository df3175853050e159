import { BoundedQueue } from '../passwords/bounded-queue';

const CAPACITY = 200;

/** Logins of one account, known or not, are checked one after the other; those of different accounts side by side. */
export class AccountTurns {
  private readonly queues = new Map<string, BoundedQueue>();

  /** @returns what ends the turn */
  async take(username: string): Promise<() => void> {
    let queue = this.queues.get(username);
    if (queue === undefined) {
      queue = new BoundedQueue(1, CAPACITY);
      this.queues.set(username, queue);
    }
    const leave = await queue.enter();
    return () => {
      leave();
      if (queue.idle) this.queues.delete(username);
    };
  }
}
