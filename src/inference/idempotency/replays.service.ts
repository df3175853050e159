import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.service';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import type { ResultResponse } from '../../results/result.response';
import { Results } from '../../results/results.service';
import { BatchReader } from '../batches/batch-reader.service';
import type { BatchResponse } from '../batches/batch.response';
import { rejectedResult } from '../new-result';
import { firstAnswer } from './first-answer';

/** Answers that were given before, made again from what was stored with them. */
@Injectable()
export class Replays {
  constructor(
    private readonly results: Results,
    private readonly batches: BatchReader,
    private readonly trail: AuditTrail,
  ) {}

  /** @throws DomainError IMAGE_QUALITY_REJECTED, as the first time */
  async inference(id: string): Promise<ResultResponse> {
    this.trail.rename('inference.replayed');
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    const stored = (await this.results.answers([id])).get(id);
    if (stored === undefined) throw new DomainError('RESULT_NOT_FOUND'); // purged this moment
    const { error, ...answer } = firstAnswer(stored);
    if (error !== null) throw rejectedResult(id, answer.validation!.error_codes);
    return answer;
  }

  /** @param later it was queued, and the answer was that it waits */
  async batch(principal: Principal, id: string, later: boolean): Promise<BatchResponse> {
    this.trail.rename('batch.replayed');
    this.trail.describe({ objectType: 'inference_batch', objectId: id });
    return later ? this.batches.asQueued(principal, id) : this.batches.read(principal, id, firstAnswer);
  }
}
