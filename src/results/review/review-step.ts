import { DomainError } from '../../errors/domain.error';
import type { ResultStatus } from '../inference-result.entity';
import type { ReviewDecision } from './result-review.entity';
import type { ReviewResultDto } from './review-result.dto';

interface ReviewedState {
  readonly status: ResultStatus;
  readonly reviewRevision: number;
}

/**
 * Which step a review is: completed → reviewed → approved, and from either back to reviewed by a correction, which must
 * name the revision that it corrects.
 * @throws DomainError RESULT_REVIEW_STALE, RESULT_NOT_REVIEWABLE, VALIDATION_FAILED
 */
export function reviewStep(
  { status, reviewRevision }: ReviewedState,
  { decision, revision, comments }: Pick<ReviewResultDto, 'decision' | 'revision' | 'comments'>,
): ReviewDecision {
  if (revision !== undefined && revision !== reviewRevision) throw stale(reviewRevision);
  if (decision === 'approved') {
    if (status === 'reviewed') return 'approved';
    throw new DomainError('RESULT_NOT_REVIEWABLE', `A result in ${status} cannot be approved`);
  }
  if (status === 'completed') return 'reviewed';
  if (status !== 'reviewed' && status !== 'approved') {
    throw new DomainError('RESULT_NOT_REVIEWABLE', `A result in ${status} cannot be reviewed`);
  }
  if (revision === undefined)
    throw new DomainError(
      'RESULT_REVIEW_STALE',
      `The result has been ${status} already, the newest review is revision ${reviewRevision}. A review now would be a correction: it needs \`revision\` and \`comments\``,
    );
  if (comments === undefined) {
    const errors = [{ field: 'comments', message: 'must say why a review is corrected' }];
    throw new DomainError('VALIDATION_FAILED', undefined, { errors });
  }
  return 'corrected';
}

const stale = (current: number): DomainError =>
  new DomainError('RESULT_REVIEW_STALE', `The newest review is revision ${current}`);
