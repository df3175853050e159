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
  MODEL_FILE_INVALID: {
    kind: 'unprocessable',
    severity: 'medium',
    title: 'The file is not a model that may be served',
    remedy: 'Send one ONNX file without external data, of a version the runtime serves.',
  },
  MODEL_DIGEST_MISMATCH: {
    kind: 'unprocessable',
    severity: 'medium',
    title: 'The file is not the one that was announced',
    remedy: 'Send it again: it has another digest than Content-Digest says.',
  },
  MODEL_VERSION_EXISTS: {
    kind: 'conflict',
    severity: 'low',
    title: 'This version exists with another file or another manifest',
    remedy: 'A version never changes: give what you send a new version.',
  },
  MODEL_TRANSITION_INVALID: {
    kind: 'conflict',
    severity: 'low',
    title: 'This step is not possible from the status of the version',
    remedy: 'Read the version again: development, validation, production and deprecated follow each other.',
  },
  MODEL_SELF_TEST_FAILED: {
    kind: 'conflict',
    severity: 'high',
    title: 'The version has not passed its self-test',
    remedy: 'The golden samples of the manifest must give what they promise; register a corrected version.',
  },
  MODEL_APPROVER_IS_UPLOADER: {
    kind: 'forbidden',
    severity: 'medium',
    title: 'Whoever uploaded a version never approves it',
    remedy: 'Another approver must sign.',
  },
  MODEL_NO_PREVIOUS: {
    kind: 'conflict',
    severity: 'low',
    title: 'There is no earlier production version to go back to',
    remedy: 'Promote another version, or deprecate this one.',
  },
  MODEL_STORE_UNAVAILABLE: {
    kind: 'unavailable',
    severity: 'critical',
    title: 'The model files cannot be read or written',
    remedy: 'Nothing was registered. The operator must look at the disk or the artifact store.',
  },
});
