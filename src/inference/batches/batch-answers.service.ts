import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.service';
import { EngineConfig } from '../../config/engine.config';
import type { Insertion } from '../../database/insert-together';
import { DomainError } from '../../errors/domain.error';
import { ModelSelection, type SelectedModel, type Wish } from '../../models/model-selection.service';
import { ResultRecorder } from '../../results/result-recorder.service';
import { toResultResponse } from '../../results/result.response';
import type { AnsweredResult } from '../../results/results.service';
import { traced } from '../../tracing/tracing';
import { completedEvent, itemEvent } from './batch-events';
import { inLanes } from './batch-items';
import type { BatchItem } from './request/batch-request';
import { type BatchResponse, toBatchResponse } from './batch.response';
import { batchRow, finishedItemRows } from './batch-rows';
import { countItems } from './batch-status';
import { imagesDone } from './batches.metrics';
import type { ItemStatus } from './inference-batch-item.entity';
import type { InferenceBatch } from './inference-batch.entity';
import { type Circumstances, ItemInference, type ItemOutcome } from './item-inference.service';

/** Images of one batch that are with the engine at a time, for each of its processes: one runs, one is next. */
const LANES_PER_PROCESS = 2;
const LONGEST_PAUSE_MS = 1_000;
/** An image whose turn did not come while another one hung is asked once more. */
const TURNS = 2;

/** Batches that are answered at once. */
@Injectable()
export class BatchAnswers {
  private readonly lanes: number;

  constructor(
    private readonly items: ItemInference,
    private readonly selection: ModelSelection,
    private readonly recorder: ResultRecorder,
    private readonly trail: AuditTrail,
    private readonly config: EngineConfig,
  ) {
    this.lanes = LANES_PER_PROCESS * config.processes;
  }

  /**
   * Runs every image, each on its own, and stores all there is to store in one statement, or nothing. When the client
   * goes away, what waits is cancelled and what has run is stored.
   * @throws DomainError REQUEST_ABANDONED, DATABASE_UNAVAILABLE, AUDIT_UNAVAILABLE
   */
  async answer(
    batch: InferenceBatch,
    items: readonly BatchItem[],
    signal: AbortSignal,
  ): Promise<BatchResponse> {
    const circumstances = { images: items.length, batch, select: this.selecting(batch), signal };
    const outcomes = await inLanes(items, this.lanes, (item) => this.settle(item, circumstances));
    const finished = { ...batch, finishedAt: new Date() };
    const statuses = outcomes.map(
      (outcome) => (outcome?.result.status as ItemStatus | undefined) ?? 'cancelled',
    );
    const done = outcomes.filter((outcome) => outcome !== undefined);
    const rows = [
      batchRow(finished),
      finishedItemRows(batch, items, statuses),
      ...this.rowsOf(finished, done),
      this.trail.entries([completedEvent(batch, countItems(statuses))]),
    ];
    if (signal.aborted) await this.trail.closeWith('REQUEST_ABANDONED', 400, rows);
    else await traced('transaction', { images: rows.length }, () => this.trail.writeWith(rows));
    for (const status of statuses) imagesDone.inc({ answered: 'now', status });
    signal.throwIfAborted();
    const answers = new Map(done.map((outcome) => [outcome.result.id, answerOf(outcome)]));
    const states = items.map(({ inferenceId }, i) => ({ inferenceId, status: statuses[i]! }));
    return toBatchResponse(finished, states, answers);
  }

  /** One look at the registry for each model that is named. */
  private selecting({ createdByRole: role }: InferenceBatch): (wish: Wish) => Promise<SelectedModel> {
    const selected = new Map<string, Promise<SelectedModel>>();
    return (wish) => {
      const key = JSON.stringify(wish);
      const found = selected.get(key) ?? this.selection.select({ role }, wish);
      selected.set(key, found);
      return found;
    };
  }

  /** undefined: cancelled. */
  private async settle(
    item: BatchItem,
    circumstances: Circumstances & { readonly signal: AbortSignal },
  ): Promise<ItemOutcome | undefined> {
    const { batch, signal } = circumstances;
    const deadline = performance.now() + TURNS * this.config.deadlineMs;
    for (;;) {
      if (signal.aborted) return undefined;
      try {
        return await this.items.run(item, circumstances);
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof DomainError) || error.code === 'DATABASE_UNAVAILABLE') throw error;
        // an engine that is busy has not looked at the image: it is asked again, as the client would be told to
        const pauseMs = Math.min(1000 * (error.retryAfterSeconds ?? 1), LONGEST_PAUSE_MS);
        if (error.code !== 'ENGINE_BUSY' || performance.now() + pauseMs > deadline) {
          return this.items.failed(item, batch, error);
        }
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private rowsOf(batch: InferenceBatch, outcomes: readonly ItemOutcome[]): Insertion[] {
    if (outcomes.length === 0) return [];
    const events = outcomes.map((outcome) => itemEvent(batch, outcome));
    return [...this.recorder.insertions(outcomes), this.trail.entries(events)];
  }
}

const answerOf = ({ result, validation, model }: ItemOutcome): AnsweredResult => ({
  ...toResultResponse(result, validation, model),
  error: result.error,
});
