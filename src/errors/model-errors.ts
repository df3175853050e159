import { define } from './error-definition';

export const MODEL_ERRORS = define({
  MODEL_NOT_FOUND: {
    kind: 'not_found',
    severity: 'low',
    title: 'There is no such model version',
    remedy: 'List the models with GET /models.',
  },
  MODEL_NOT_SELECTED: {
    kind: 'conflict',
    severity: 'low',
    title: 'It is not clear which model should answer',
    remedy: 'Name a production version as `model_id`, or let the operator set DEFAULT_MODEL.',
  },
  MODEL_NOT_ACTIVE: {
    kind: 'conflict',
    severity: 'low',
    title: 'The model version does not serve requests',
    remedy: 'Choose a version in production (GET /models?status=production).',
  },
});
