import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.service';
import type { Principal } from '../../http/principal';
import { ResultRecorder } from '../../results/result-recorder.service';
import { BatchAnswers } from './batch-answers.service';
import { toBatchItems } from './batch-items';
import { BatchQueue } from './queue/batch-queue.service';
import { BatchReader } from './batch-reader.service';
import type { BatchRequest } from './request/batch-request';
import { type BatchResponse, queuedResponse } from './batch.response';
import type { InferenceBatch } from './inference-batch.entity';

/** What an account can do with batches: it sees none but its own. */
@Injectable()
export class Batches {
  constructor(
    private readonly answers: BatchAnswers,
    private readonly queue: BatchQueue,
    private readonly reader: BatchReader,
    private readonly recorder: ResultRecorder,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * @param id of the batch to be
   * @throws DomainError what `BatchAnswers.answer` and `BatchQueue.submit` throw
   */
  async submit(
    principal: Principal,
    request: BatchRequest,
    { id, signal }: { readonly id: string; readonly signal: AbortSignal },
  ): Promise<BatchResponse> {
    const batch: InferenceBatch = {
      id,
      createdBy: principal.userId,
      createdByRole: principal.role,
      priority: request.priority,
      createdAt: new Date(),
      cancelledAt: null,
      finishedAt: null,
    };
    const items = toBatchItems(request, (patientId) => this.recorder.pseudonymOf(patientId));
    this.trail.describe({
      objectType: 'inference_batch',
      objectId: batch.id,
      details: {
        count: items.length,
        priority: batch.priority,
        returned_ids: items.map(({ inferenceId }) => inferenceId),
      },
    });
    if (!request.later) return this.answers.answer(batch, items, signal);
    await this.queue.submit(batch, items);
    return queuedResponse(batch, items);
  }

  /** @throws DomainError BATCH_NOT_FOUND */
  get(principal: Principal, id: string): Promise<BatchResponse> {
    this.trail.describe({ objectType: 'inference_batch', objectId: id });
    return this.reader.read(principal, id);
  }

  /** What waits is cancelled; what is under way or done stays. @throws DomainError BATCH_NOT_FOUND */
  async cancel(principal: Principal, id: string): Promise<BatchResponse> {
    this.trail.describe({ objectType: 'inference_batch', objectId: id });
    await this.queue.cancel(principal, id);
    return this.reader.read(principal, id);
  }
}
