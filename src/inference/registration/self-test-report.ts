import { DomainError } from '../../errors/domain.error';
import type { ImageSource } from '../../imaging/image';
import { deviation } from '../../models/golden-sample';
import type { GoldenSample } from '../../models/manifest';
import type { SelfTest } from '../../models/self-test';
import type { EngineAnswer } from '../engine/inference-engine';

/** A golden sample's input as what a caller would have sent. */
export function sourceOf({ image, data, width, height, channels }: GoldenSample['input']): ImageSource {
  return image === undefined
    ? { form: 'numbers', bytes: Buffer.from(JSON.stringify(data)), width, height, channels }
    : { form: 'base64', bytes: Buffer.from(image) };
}

/** Compares what a model gave with what its manifest promises. Without samples nothing is passed. */
export function selfTestReport(
  golden: readonly GoldenSample[],
  answers: readonly (EngineAnswer | DomainError)[],
  runtimeVersion: string,
): SelfTest {
  const deviations = golden.map((sample, index) => deviationOf(sample, answers[index]!));
  const failures = deviations.flatMap((result, sample) => {
    const { tolerance } = golden[sample]!;
    if (typeof result === 'string') return [{ sample, reason: result }];
    return result <= tolerance ? [] : [{ sample, reason: `differs by ${result}, ${tolerance} is allowed` }];
  });
  const compared = deviations.filter((result) => typeof result === 'number');
  return {
    passed: golden.length > 0 && failures.length === 0,
    ran_at: new Date().toISOString(),
    runtime_version: runtimeVersion,
    samples: golden.length,
    largest_deviation: compared.length === 0 ? null : Math.max(...compared),
    failures,
  };
}

function deviationOf({ output }: GoldenSample, answer: EngineAnswer | DomainError): number | string {
  if (answer instanceof DomainError) return answer.code;
  return answer.outputs === null ? 'IMAGE_QUALITY_REJECTED' : deviation(output, answer.outputs);
}

/** Codes that blame the sample, not the machine that ran it: such a sample can never pass. */
const SAMPLE_IS_WRONG = /^(IMAGE_|REQUEST_MALFORMED_JSON$|MODEL_INPUT_INVALID$)/;

/**
 * A sample that cannot pass is a mistake in the manifest rather than a miss of the model.
 * @throws DomainError MODEL_MANIFEST_MISMATCH
 */
export function assertSamplesUsable(
  golden: readonly GoldenSample[],
  answers: readonly (EngineAnswer | DomainError)[],
): void {
  const errors = golden.flatMap((sample, index) => {
    const result = deviationOf(sample, answers[index]!);
    if (typeof result === 'number') return [];
    if (SAMPLE_IS_WRONG.test(result)) return [{ field: `golden.${index}.input`, message: result }];
    return /^[A-Z_]+$/.test(result) ? [] : [{ field: `golden.${index}.output`, message: result }];
  });
  if (errors.length > 0) throw new DomainError('MODEL_MANIFEST_MISMATCH', undefined, { errors });
}
