import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import {
  ElectronicSignatures,
  recordHash,
  type SignableRecord,
} from '../../audit/signature/electronic-signature';
import { ElectronicSignature } from '../../audit/signature/electronic-signature.entity';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { Reauthentication, type Signatory } from '../../http/reauthentication';
import { InferenceResult } from '../inference-result.entity';
import { ResultReview } from './result-review.entity';
import { reviewRecord } from './review-record';
import { type ReviewResponse, toReviewResponse } from './review.response';
import type { ReviewResultDto } from './review-result.dto';
import { reviewStep } from './review-step';

const MEANING = 'approval of the result';

/** What people say about results, revision by revision. */
@Injectable()
export class Reviews {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reauthentication: Reauthentication,
    private readonly signatures: ElectronicSignatures,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * Adds a revision. An approval is signed with the password.
   * @throws DomainError RESULT_NOT_FOUND, RESULT_REVIEW_STALE, RESULT_NOT_REVIEWABLE, VALIDATION_FAILED; what
   * `Reauthentication.confirm` throws
   */
  async add(principal: Principal, id: string, request: ReviewResultDto): Promise<ReviewResponse> {
    this.trail.describe({ objectType: 'inference_result', objectId: id });
    const signatory = request.decision === 'approved' ? await this.confirm(principal, request) : undefined;
    return this.dataSource.transaction(async (manager) => {
      const result = await manager.findOne(InferenceResult, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      if (result === null) throw new DomainError('RESULT_NOT_FOUND');
      const decision = reviewStep(result, request);
      await assertLabel(manager, result, request.label);
      const review: ResultReview = {
        id: uuidv7(),
        inferenceResultId: id,
        revision: result.reviewRevision + 1,
        decision,
        label: request.label ?? null,
        comments: request.comments ?? null,
        reviewedBy: principal.userId,
        reviewedAt: signatory?.signedAt ?? new Date(),
        signatureId: null,
      };
      return this.store(manager, result, review, signatory);
    });
  }

  /** Every revision, oldest first, with the signatures under them. */
  async of(result: InferenceResult): Promise<ReviewResponse[]> {
    const { manager } = this.dataSource;
    const reviews = await manager.find(ResultReview, {
      where: { inferenceResultId: result.id },
      order: { revision: 'ASC' },
    });
    const ids = reviews.flatMap(({ signatureId }) => signatureId ?? []);
    const signatures = ids.length === 0 ? [] : await manager.findBy(ElectronicSignature, { id: In(ids) });
    const shown = reviews.map((review) => {
      const signature = signatures.find(({ id }) => id === review.signatureId);
      return this.responseOf(review, signature, reviewRecord(result, review));
    });
    return Promise.all(shown);
  }

  private async responseOf(
    review: ResultReview,
    signature: ElectronicSignature | undefined,
    record: SignableRecord,
  ): Promise<ReviewResponse> {
    return toReviewResponse(
      review,
      signature ? await this.signatures.manifestation(signature, record) : null,
    );
  }

  private confirm(principal: Principal, { password }: ReviewResultDto): Promise<Signatory> {
    if (password !== undefined) return this.reauthentication.confirm(principal, password);
    const errors = [{ field: 'password', message: 'must be sent again: an approval is a signature' }];
    throw new DomainError('VALIDATION_FAILED', undefined, { errors });
  }

  private async store(
    manager: EntityManager,
    result: InferenceResult,
    unsigned: ResultReview,
    signatory: Signatory | undefined,
  ): Promise<ReviewResponse> {
    const record = reviewRecord(result, unsigned);
    const signature = signatory && (await this.signatures.sign(manager, record, MEANING, signatory));
    const review = { ...unsigned, signatureId: signature?.id ?? null };
    const status = review.decision === 'approved' ? 'approved' : 'reviewed';
    await manager.insert(ResultReview, review);
    await manager.update(InferenceResult, result.id, {
      status,
      reviewRevision: review.revision,
      reviewedBy: review.reviewedBy,
      reviewedAt: review.reviewedAt,
      reviewComments: review.comments,
    });
    const details = {
      decision: review.decision,
      record_hash: recordHash(record),
      changes: { status: { old: result.status, new: status } },
    };
    await this.trail.write(manager, { details }, `result.${review.decision}`);
    return this.responseOf(review, signature, record);
  }
}

async function assertLabel(manager: EntityManager, result: InferenceResult, label?: string): Promise<void> {
  if (label === undefined) return;
  const [model] = await manager.query<[{ labels: string[] | null }]>(
    `SELECT manifest -> 'labels' AS labels FROM model_versions WHERE id = $1`,
    [result.modelVersionId],
  );
  if (model.labels?.includes(label)) return;
  const errors = [{ field: 'label', message: 'must be one of the labels of the model' }];
  throw new DomainError('VALIDATION_FAILED', undefined, { errors });
}
