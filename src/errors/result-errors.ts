import { define } from './error-definition';

export const RESULT_ERRORS = define({
  RESULT_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such result',
    remedy: 'List the results you may read with GET /results.',
  },
  RESULT_NOT_REVIEWABLE: {
    kind: 'conflict',
    severity: 'low',
    title: 'The result is not in a state that takes this review',
    remedy:
      'A completed result is reviewed, a reviewed one approved or corrected, an approved one corrected.',
  },
  RESULT_REVIEW_STALE: {
    kind: 'conflict',
    severity: 'low',
    title: 'There is a review that the request does not know of',
    remedy: 'Read the result again; to correct it, send its `review_revision` as `revision`.',
  },
  HOLD_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such hold on this result',
    remedy: 'List the holds of a result with GET /results/{inference_id}/holds.',
  },
  HOLD_RELEASED: {
    kind: 'conflict',
    severity: 'low',
    title: 'The hold has been released already',
    remedy: 'Nothing is left to do; place a new hold if the result must be kept after all.',
  },
  PAGE_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such page',
    remedy: 'Pages run from 1 to `total_pages`.',
  },
});
