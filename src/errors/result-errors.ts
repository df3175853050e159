import { define } from './error-definition';

export const RESULT_ERRORS = define({
  RESULT_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such result',
    remedy: 'List the results you may read with GET /results.',
  },
  PAGE_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such page',
    remedy: 'Pages run from 1 to `total_pages`.',
  },
});
