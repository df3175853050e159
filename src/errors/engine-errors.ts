import { define } from './error-definition';

export const ENGINE_ERRORS = define({
  ENGINE_BUSY: {
    kind: 'unavailable',
    severity: 'medium',
    title: 'The inference engine has too much to do',
    remedy: 'Try again after the time given in Retry-After.',
  },
  ENGINE_UNAVAILABLE: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The inference engine is not available',
    remedy: 'Try again after the time given in Retry-After; the operator finds the cause in the logs.',
  },
  ENGINE_TIMEOUT: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The model did not answer in time',
    remedy: 'Do not send the same image again before the operator has looked at the model.',
  },
  ENGINE_CRASHED: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The process that ran the model died',
    remedy: 'Do not send the same image again before the operator has looked at the model.',
  },
  MODEL_LOAD_FAILED: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The model version cannot be loaded',
    remedy: 'The operator finds the cause in the logs.',
  },
  MODEL_MANIFEST_MISMATCH: {
    kind: 'unprocessable',
    severity: 'medium',
    title: 'The manifest does not describe the model file',
    remedy: 'Correct the fields of the manifest that `errors` names, or the model.',
  },
  MODEL_QUARANTINED: {
    kind: 'unavailable',
    severity: 'high',
    title: 'The model version is paused because it kept killing its processes',
    remedy: 'Try again after the time given in Retry-After; the operator must look at the model.',
  },
  MODEL_INTEGRITY_FAILED: {
    kind: 'unavailable',
    severity: 'critical',
    title: 'The model file is not the one that was registered',
    remedy: 'The operator must restore the registered file; until then the version does not serve.',
  },
  MODEL_INPUT_INVALID: {
    kind: 'unprocessable',
    severity: 'low',
    title: 'The model does not accept this input',
    remedy: 'Compare the image with `input_shape` of the model and the values it takes.',
  },
  MODEL_RUN_FAILED: {
    kind: 'internal',
    severity: 'high',
    title: 'The model failed on this image',
    remedy: 'Nothing was concluded from this image; the operator finds the cause in the logs.',
  },
  MODEL_OUTPUT_INVALID: {
    kind: 'internal',
    severity: 'high',
    title: 'The model returned numbers that are not valid',
    remedy: 'Nothing was concluded from this image; the operator must look at the model.',
  },
});
