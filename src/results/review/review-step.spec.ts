import { reviewStep } from './review-step';

const WHY = 'the lead was read as a nodule';

describe('review step [R-47]', () => {
  it.each([
    ['completed', 0, { decision: 'reviewed' }, 'reviewed'],
    ['completed', 0, { decision: 'reviewed', revision: 0 }, 'reviewed'],
    ['reviewed', 1, { decision: 'approved' }, 'approved'],
    ['reviewed', 1, { decision: 'approved', revision: 1 }, 'approved'],
    ['reviewed', 1, { decision: 'reviewed', revision: 1, comments: WHY }, 'corrected'],
    ['approved', 2, { decision: 'reviewed', revision: 2, comments: WHY }, 'corrected'],
  ] as const)('%s at revision %i takes %j as %s', (status, reviewRevision, request, step) => {
    expect(reviewStep({ status, reviewRevision }, request)).toBe(step);
  });

  it('a second review without a revision is told what is there, and what a correction takes', () => {
    expect(() => reviewStep({ status: 'reviewed', reviewRevision: 1 }, { decision: 'reviewed' })).toThrow(
      'The result has been reviewed already, the newest review is revision 1. A review now would be a correction: it needs `revision` and `comments`',
    );
  });

  it.each([
    ['completed', 0, { decision: 'approved' }, 'RESULT_NOT_REVIEWABLE'],
    ['approved', 2, { decision: 'approved' }, 'RESULT_NOT_REVIEWABLE'],
    ['failed', 0, { decision: 'reviewed' }, 'RESULT_NOT_REVIEWABLE'],
    ['failed', 0, { decision: 'approved' }, 'RESULT_NOT_REVIEWABLE'],
    ['completed', 0, { decision: 'reviewed', revision: 1 }, 'RESULT_REVIEW_STALE'],
    ['reviewed', 1, { decision: 'reviewed', comments: WHY }, 'RESULT_REVIEW_STALE'],
    ['reviewed', 2, { decision: 'reviewed', revision: 1, comments: WHY }, 'RESULT_REVIEW_STALE'],
    ['reviewed', 2, { decision: 'approved', revision: 1 }, 'RESULT_REVIEW_STALE'],
    ['reviewed', 1, { decision: 'reviewed', revision: 1 }, 'VALIDATION_FAILED'],
  ] as const)('%s at revision %i refuses %j with %s', (status, reviewRevision, request, code) => {
    expect(() => reviewStep({ status, reviewRevision }, request)).toThrow(expect.objectContaining({ code }));
  });
});
