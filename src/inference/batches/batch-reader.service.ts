import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { type AnsweredResult, Results } from '../../results/results.service';
import { type BatchResponse, queuedResponse, toBatchResponse } from './batch.response';
import { InferenceBatchItem } from './inference-batch-item.entity';
import { InferenceBatch } from './inference-batch.entity';

@Injectable()
export class BatchReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly results: Results,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * A batch of the caller with the answers there are, which are named in the audit entry of this request.
   * @param shown what is shown of an answer; as it is now unless given
   * @throws DomainError BATCH_NOT_FOUND
   */
  async read(
    principal: Principal,
    id: string,
    shown: (answer: AnsweredResult) => AnsweredResult = (answer) => answer,
  ): Promise<BatchResponse> {
    const { batch, items } = await this.find(principal, id);
    const answers = await this.results.answers(items.map(({ inferenceId }) => inferenceId));
    this.trail.describe({ details: { returned_ids: [...answers.keys()] } });
    return toBatchResponse(
      batch,
      items,
      new Map([...answers].map(([inferenceId, answer]) => [inferenceId, shown(answer)])),
    );
  }

  /** A batch of the caller as it was when it had just been sent. @throws DomainError BATCH_NOT_FOUND */
  async asQueued(principal: Principal, id: string): Promise<BatchResponse> {
    const { batch, items } = await this.find(principal, id);
    return queuedResponse(batch, items);
  }

  private async find(
    principal: Principal,
    id: string,
  ): Promise<{ batch: InferenceBatch; items: InferenceBatchItem[] }> {
    const { manager } = this.dataSource;
    const batch = await manager.findOneBy(InferenceBatch, { id, createdBy: principal.userId });
    if (batch === null) throw new DomainError('BATCH_NOT_FOUND');
    const items = await manager.find(InferenceBatchItem, {
      where: { batchId: id },
      order: { position: 'ASC' },
    });
    return { batch, items };
  }
}
