import { define } from './error-definition';

export const BATCH_ERRORS = define({
  BATCH_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such batch',
    remedy: 'A batch is shown to the account that sent it; its results are also at GET /results?batch_id=….',
  },
  BATCH_QUEUE_FULL: {
    kind: 'rate_limited',
    severity: 'low',
    title: 'Too much of this account waits already',
    remedy: 'Send the batch again when some of the waiting ones are done, or cancel one.',
  },
  BATCH_ITEM_GIVEN_UP: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The servers that worked on the image stopped each time',
    remedy: 'Do not send the same image again before the operator has looked at the model and at the logs.',
  },
  BATCH_ITEM_UNREADABLE: {
    kind: 'internal',
    severity: 'high',
    title: 'The stored image cannot be opened',
    remedy: 'Send it again. The operator looks for what has changed the rows of inference_batch_items.',
  },
  BATCH_OUTPUT_TOO_LARGE: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The outputs of the image take more than its share of the answer',
    remedy: 'Send fewer images in a batch, or this one alone.',
  },
  BATCH_KEY_MISSING: {
    kind: 'unavailable',
    severity: 'high',
    title: 'This server does not have the key of the stored image',
    remedy:
      'It is left to a server that has. The operator sets PSEUDONYM_KEYS_PREVIOUS to the keys before PSEUDONYM_KEY.',
  },
});
