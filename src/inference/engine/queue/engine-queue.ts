import { DomainError } from '../../../errors/domain.error';
import { RequestLine, type Waiting } from './request-line';
import type { ServiceTimes } from './service-times';
import { watch } from './watch';

export interface QueueItem extends Waiting {
  readonly modelId: string;
  readonly bytes: number;
  /** In ms of `performance.now()`. */
  readonly expiresAt: number;
  readonly signal?: AbortSignal;
  /** Called when the item leaves the queue without having been taken. */
  readonly refuse: (reason: unknown) => void;
}

/** Of all images that wait; one may always wait, however large. */
const MAX_BYTES = 1024 ** 3;
const MAX_RETRY_AFTER_SECONDS = 60;

/** Of the places, one principal may take so many; the rest is kept for the others. */
const SHARE = 0.75;

/** Nothing is wrong with these requests: they may be sent again. */
export const NOT_BEGUN = 'No process was free in time; the model did not run';
export const STILL_LOADING = 'The model is still being loaded; it did not run';

interface QueueOptions {
  /** Items that may wait. */
  readonly limit: number;
  readonly times: Pick<ServiceTimes, 'of'>;
  /** How many are served at a time. */
  readonly served: () => number;
  /** What those are told whose turn does not come in time. */
  readonly late: string;
}

/** A bounded line of requests that each leaves when it is late or taken back. */
export class EngineQueue<Item extends QueueItem> {
  private readonly line = new RequestLine<Item>();
  /** For each that waits: ends the watch over its deadline and its signal. */
  private readonly watches = new Map<Item, () => void>();
  private bytes = 0;

  constructor(private readonly options: QueueOptions) {}

  get length(): number {
    return this.watches.size;
  }

  /** @throws DomainError ENGINE_BUSY */
  push(item: Item): void {
    if (!this.hasPlaceFor(item)) throw this.busy();
    this.putBack(item);
  }

  /** An item that was taken already; there is always a place for it. */
  putBack(item: Item): void {
    const leave = (reason: unknown): void => {
      if (this.remove(item)) item.refuse(reason);
    };
    this.watches.set(
      item,
      watch(item, leave, () => this.busy(this.options.late)),
    );
    this.bytes += item.bytes;
    this.line.push(item);
  }

  /** Whose turn it is. */
  shift(): Item | undefined {
    const item = this.line.shift();
    if (item !== undefined) this.forget(item);
    return item;
  }

  /** Takes out at most `most` of those that `suit`. */
  shiftAll(suit: (item: Item) => boolean, most: number): Item[] {
    const taken: Item[] = [];
    for (const item of this.line) {
      if (taken.length >= most) break;
      if (suit(item)) taken.push(item);
    }
    for (const item of taken) this.remove(item);
    return taken;
  }

  /** @returns false when the item does not wait any more */
  remove(item: Item): boolean {
    if (!this.line.delete(item)) return false;
    this.forget(item);
    return true;
  }

  /** ENGINE_BUSY, with the time that those who wait will take. */
  busy(detail?: string): DomainError {
    return new DomainError('ENGINE_BUSY', detail, { retryAfterSeconds: this.retryAfterSeconds() });
  }

  refuseAll(reason: unknown): void {
    for (const item of this.shiftAll(() => true, Infinity)) item.refuse(reason);
  }

  private hasPlaceFor({ principalId, bytes }: Item): boolean {
    const { limit } = this.options;
    const tooMany = this.length >= limit || this.line.lengthOf(principalId) >= limit * SHARE;
    return !tooMany && (this.length === 0 || this.bytes + bytes <= MAX_BYTES);
  }

  private forget(item: Item): void {
    this.watches.get(item)?.();
    this.watches.delete(item);
    this.bytes -= item.bytes;
  }

  private retryAfterSeconds(): number {
    const { times, served } = this.options;
    let workMs = 0;
    for (const { modelId } of this.line) workMs += times.of(modelId);
    const seconds = Math.ceil(workMs / Math.max(served(), 1) / 1000);
    return Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS);
  }
}
