import { PRIORITIES, type Priority } from '../inference-engine';

export interface Waiting {
  readonly priority: Priority;
  readonly principalId: string;
  /** Time of arrival, in ms of any steady clock. */
  readonly since: number;
}

/** After so many ms a request goes ahead even of those of a higher priority, if they came later than that. */
const PATIENCE_MS: Readonly<Record<Priority, number>> = { high: 0, normal: 5_000, low: 15_000 };

/**
 * Those who wait, and whose turn it is. There is a lane for each priority; next is the lane whose oldest request has
 * waited longest beyond its patience, so that high goes first and nobody waits for ever. Within a lane the principals
 * take turns, each with the oldest of his own. Every operation takes the same time, however many wait.
 */
export class RequestLine<Item extends Waiting> implements Iterable<Item> {
  private readonly lanes = PRIORITIES.map((priority) => new Lane<Item>(PATIENCE_MS[priority]));

  lengthOf(principalId: string): number {
    return this.lanes.reduce((sum, lane) => sum + lane.lengthOf(principalId), 0);
  }

  push(item: Item): void {
    this.laneOf(item).push(item);
  }

  shift(): Item | undefined {
    const next = this.lanes.reduce((first, lane) => (lane.due < first.due ? lane : first));
    return next.shift();
  }

  delete(item: Item): boolean {
    return this.laneOf(item).delete(item);
  }

  /** By priority, then by arrival. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const lane of this.lanes) yield* lane;
  }

  private laneOf({ priority }: Item): Lane<Item> {
    return this.lanes[PRIORITIES.indexOf(priority)]!;
  }
}

class Lane<Item extends Waiting> implements Iterable<Item> {
  private readonly arrivals = new Set<Item>();
  /** What each principal waits for; the first of them is next. */
  private readonly turns = new Map<string, Set<Item>>();

  constructor(private readonly patienceMs: number) {}

  /** When the oldest loses its patience. */
  get due(): number {
    const [oldest] = this.arrivals;
    return oldest === undefined ? Infinity : oldest.since + this.patienceMs;
  }

  lengthOf(principalId: string): number {
    return this.turns.get(principalId)?.size ?? 0;
  }

  push(item: Item): void {
    this.arrivals.add(item);
    const own = this.turns.get(item.principalId);
    if (own === undefined) this.turns.set(item.principalId, new Set([item]));
    else own.add(item);
  }

  shift(): Item | undefined {
    const [turn] = this.turns;
    if (turn === undefined) return undefined;
    const [principalId, own] = turn;
    const [item] = own;
    this.delete(item!);
    if (this.turns.delete(principalId)) this.turns.set(principalId, own);
    return item;
  }

  delete(item: Item): boolean {
    if (!this.arrivals.delete(item)) return false;
    const own = this.turns.get(item.principalId);
    own?.delete(item);
    if (own?.size === 0) this.turns.delete(item.principalId);
    return true;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.arrivals.values();
  }
}
