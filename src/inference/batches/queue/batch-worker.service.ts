import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { BatchConfig } from '../../../config/batch.config';
import { DomainError } from '../../../errors/domain.error';
import type { ErrorCode } from '../../../errors/error-codes';
import { toDomainError } from '../../../errors/to-domain-error';
import { ModelSelection, type Wish } from '../../../models/model-selection.service';
import { unreadItem } from '../batch-items';
import type { BatchItem } from '../request/batch-request';
import { traced } from '../../../tracing/tracing';
import { imageWait } from '../batches.metrics';
import { ItemInference, type ItemOutcome, OUT_OF_SERVICE } from '../item-inference.service';
import { BatchQueue, type TakenItem } from './batch-queue.service';
import { readWaiting } from './waiting-images';

/** Workers that may stop in the middle of an image before it is given up: it may be what stops them. */
const MAX_ATTEMPTS = 3;
const POLL_MS = 500;
const PAUSE_SECONDS = 5;
const DRAIN_MS = 20_000;
/** So long an image waits for a model that is out of service. */
const MODEL_PATIENCE_MS = 3_600_000;

/** Failures that pass by themselves; an image is not counted as tried because of them. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'AUDIT_UNAVAILABLE',
  'BATCH_KEY_MISSING', // while keys are changed: another replica has it
  'DATABASE_UNAVAILABLE',
  'ENGINE_BUSY',
  'ENGINE_UNAVAILABLE',
  ...OUT_OF_SERVICE,
]);

/** Takes images from the queue and works on several at a time, until the replica stops. */
@Injectable()
export class BatchWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly id = uuidv7();
  private readonly logger = new Logger('BatchWorker');
  private readonly stop = new AbortController();
  private readonly working = new Set<Promise<void>>();
  private wake: () => void = () => undefined;
  private loop = Promise.resolve();
  private heartbeat?: NodeJS.Timeout;

  constructor(
    private readonly queue: BatchQueue,
    private readonly items: ItemInference,
    private readonly selection: ModelSelection,
    private readonly dataSource: DataSource,
    private readonly config: BatchConfig,
  ) {
    queue.onSubmit(() => this.wake());
  }

  onApplicationBootstrap(): void {
    if (this.config.workers === 0) return;
    this.loop = this.run();
    this.heartbeat = setInterval(() => void this.extend(), (1000 * this.config.leaseSeconds) / 3);
  }

  /** Takes no more, and gives what waits for the engine back to the others. */
  retire(): void {
    this.stop.abort(new DomainError('ENGINE_UNAVAILABLE', 'This replica stops'));
    this.wake();
  }

  /** What is under way is finished; what it does not get done in time is another worker's after its lease. */
  async onModuleDestroy(): Promise<void> {
    this.retire();
    await this.loop;
    await Promise.race([Promise.all(this.working), sleep(DRAIN_MS, undefined, { ref: false })]);
    clearInterval(this.heartbeat);
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const taken = await this.take();
      for (const item of taken) this.begin(item);
      if (taken.length === 0) await this.untilWoken();
    }
  }

  private async take(): Promise<TakenItem[]> {
    const free = this.config.workers - this.working.size;
    if (free === 0) return [];
    try {
      return await this.queue.take(this.id, free);
    } catch (error) {
      this.logger.warn({ event: 'batch.queue_unavailable', code: toDomainError(error).code });
      return [];
    }
  }

  private async untilWoken(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, POLL_MS);
      if (this.stop.signal.aborted) resolve();
    });
    clearTimeout(timer);
  }

  private begin(taken: TakenItem): void {
    if (taken.attempts === 1) imageWait.observe((Date.now() - taken.batch.createdAt.getTime()) / 1000);
    else
      this.logger.warn({
        event: 'batch.item_taken_over',
        inference_id: taken.inferenceId,
        attempts: taken.attempts,
      });
    const { inferenceId, batch } = taken;
    const attributes = { inference_id: inferenceId, batch_id: batch.id };
    const work = traced('batch image', attributes, () => this.work(taken)).finally(() => {
      this.working.delete(work);
      this.wake();
    });
    this.working.add(work);
  }

  private async work(taken: TakenItem): Promise<void> {
    try {
      const outcome = await this.outcomeOf(taken);
      const finish = (): Promise<boolean> => this.queue.finish(this.id, taken, outcome);
      const stored = await traced('transaction', {}, finish);
      if (!stored) this.logger.warn({ event: 'batch.item_lost', inference_id: taken.inferenceId });
    } catch (error) {
      await this.giveBack(taken, toDomainError(error));
    }
  }

  /** undefined: cancelled. */
  private async outcomeOf(taken: TakenItem): Promise<ItemOutcome | undefined> {
    const { batch } = taken;
    if (batch.cancelledAt !== null) return undefined;
    if (taken.attempts > MAX_ATTEMPTS) return this.failed(taken, new DomainError('BATCH_ITEM_GIVEN_UP'));
    let item: BatchItem;
    try {
      item = await readWaiting(this.dataSource.manager, taken, this.config.imageKeys);
    } catch (error) {
      if (error instanceof DomainError && !PASSING.has(error.code)) return this.failed(taken, error);
      throw error;
    }
    const select = (wish: Wish) => this.selection.select({ role: batch.createdByRole }, wish);
    const mayWait = Date.now() - batch.createdAt.getTime() < MODEL_PATIENCE_MS;
    return this.items.run(item, { images: taken.images, mayWait, batch, select, signal: this.stop.signal });
  }

  private failed({ batch, inferenceId }: TakenItem, error: DomainError): ItemOutcome {
    return this.items.failed(unreadItem(inferenceId, error), batch, error);
  }

  private async giveBack(taken: TakenItem, error: DomainError): Promise<void> {
    const about = { inference_id: taken.inferenceId, code: error.code };
    this.logger.warn({ event: 'batch.item_postponed', ...about });
    const pauseSeconds = this.stop.signal.aborted
      ? 0
      : Math.min(error.retryAfterSeconds ?? PAUSE_SECONDS, PAUSE_SECONDS);
    try {
      await this.queue.release(this.id, taken, { pauseSeconds, counts: !PASSING.has(error.code) });
    } catch {
      this.logger.warn({ event: 'batch.item_left_to_its_lease', ...about });
    }
  }

  private async extend(): Promise<void> {
    if (this.working.size === 0) return;
    try {
      await this.queue.extend(this.id);
    } catch (error) {
      this.logger.warn({ event: 'batch.lease_not_extended', code: toDomainError(error).code });
    }
  }
}
