import { DomainError } from '../../errors/domain.error';
import type { EngineAnswer, EngineModel, EngineRequest, Priority } from './inference-engine';
import type { RunAnswer } from './protocol/engine-protocol';
import type { QueueItem } from './queue/engine-queue';

/** A request on its way through the engine; it is settled once. Times are in ms of `performance.now()`. */
export class Job implements QueueItem {
  readonly since = performance.now();
  readonly expiresAt: number;
  readonly answer: Promise<EngineAnswer>;
  /** It has shared a tensor that ended a process, and is not to share one again. */
  alone = false;
  resolve!: (answer: EngineAnswer) => void;
  refuse!: (reason: unknown) => void;

  constructor(
    readonly model: EngineModel,
    readonly request: EngineRequest,
  ) {
    this.expiresAt = this.since + request.deadlineMs;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.refuse = reject;
    });
  }

  get modelId(): string {
    return this.model.id;
  }

  get bytes(): number {
    return this.request.source.bytes.length;
  }

  get priority(): Priority {
    return this.request.priority;
  }

  get principalId(): string {
    return this.request.principalId;
  }

  get signal(): AbortSignal | undefined {
    return this.request.signal;
  }

  get remainingMs(): number {
    return this.expiresAt - performance.now();
  }

  /** @param began when a process was given the image */
  settle(outcome: RunAnswer | DomainError, began: number): void {
    if (outcome instanceof DomainError) this.refuse(outcome);
    else this.resolve({ queueMs: began - this.since, ...outcome });
  }
}
