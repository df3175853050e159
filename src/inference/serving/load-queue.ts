import type { EngineRequest } from '../engine/inference-engine';
import { EngineQueue, type QueueItem, STILL_LOADING } from '../engine/queue/engine-queue';

/** Until those who wait for a load ask again. */
const LOAD_PAUSE_MS = 5_000;

/** Requests that wait until their model is loaded: no more of them, and as fairly, as may wait for a process. */
export class LoadQueue {
  private readonly queue: EngineQueue<QueueItem>;

  constructor(limit: number) {
    this.queue = new EngineQueue({
      limit,
      times: { of: () => LOAD_PAUSE_MS },
      served: () => this.queue.length, // the load serves all of them
      late: STILL_LOADING,
    });
  }

  /**
   * What `load` gives. It goes on when the request leaves: it will be of use to the next one.
   * @throws DomainError ENGINE_BUSY; the signal's reason; what `load` throws
   */
  async until<Result>(load: () => Promise<Result>, modelId: string, request: EngineRequest): Promise<Result> {
    const { source, deadlineMs, signal, priority, principalId } = request;
    signal?.throwIfAborted();
    const since = performance.now();
    return new Promise((resolve, refuse) => {
      const item = {
        modelId,
        bytes: source.bytes.length,
        priority,
        principalId,
        since,
        expiresAt: since + deadlineMs,
        signal,
        refuse,
      };
      this.queue.push(item);
      void load()
        .then(resolve, refuse)
        .finally(() => this.queue.remove(item));
    });
  }
}
