import type { AnsweredResult } from '../../results/results.service';

/** The answer as it was given: a review since then has changed the result, not the answer. */
export const firstAnswer = (answer: AnsweredResult): AnsweredResult => ({
  ...answer,
  status: answer.error === null ? 'completed' : 'failed',
});
