import { Injectable } from '@nestjs/common';
import { DomainError, type FieldError } from '../../errors/domain.error';
import { QUALITY_METRICS } from '../../imaging/quality/quality-metrics';
import type { Manifest } from '../../models/manifest';
import type { ModelShape } from '../../models/model-version.entity';
import type { SelfTest } from '../../models/self-test';
import { InferenceEngine, type TensorDescription } from '../engine/inference-engine';
import { engineModelOf } from './engine-model';
import { assertSamplesUsable, selfTestReport, sourceOf } from './self-test-report';

export interface Candidate {
  readonly id: string;
  readonly manifest: Manifest;
  readonly fileHash: string;
  /** Path of a file that no runtime has seen. */
  readonly path: string;
}

export interface ProvenModel {
  readonly selfTest: SelfTest;
  readonly inputShape: ModelShape;
  readonly outputShape: ModelShape;
  readonly warmUpMs: number;
}

/** Loads a file in a process that is thrown away, and runs the golden samples of its manifest there. */
@Injectable()
export class ModelProver {
  constructor(private readonly engine: InferenceEngine) {}

  /**
   * @throws DomainError MODEL_MANIFEST_MISMATCH, MODEL_FILE_INVALID when the runtime does not take the file;
   * ENGINE_* codes
   */
  async prove({ manifest, path, ...candidate }: Candidate): Promise<ProvenModel> {
    assertMetricsKnown(manifest);
    const model = engineModelOf({ ...candidate, manifest, locate: () => Promise.resolve(path) });
    const { description, answers } = await this.engine
      .trial(
        model,
        manifest.golden.map(({ input }) => sourceOf(input)),
      )
      .catch(refused);
    assertSamplesUsable(manifest.golden, answers);
    return {
      selfTest: selfTestReport(manifest.golden, answers, description.runtimeVersion),
      inputShape: shapeOf(description.inputs, manifest.input.name),
      outputShape: shapeOf(description.outputs, manifest.output.name),
      warmUpMs: description.warmUpMs,
    };
  }
}

/** Of a registered version these mean that it cannot serve; of a file that was just sent, that it is no good. */
function refused(error: unknown): never {
  const { code } = error as { code?: string };
  if (code === 'MODEL_LOAD_FAILED') throw invalidFile('the runtime cannot load it', error);
  if (code === 'ENGINE_TIMEOUT') throw invalidFile('it does not load and run in time', error);
  if (code === 'ENGINE_CRASHED')
    throw invalidFile('it ends the process that loads it, or needs too much memory', error);
  throw error;
}

const invalidFile = (message: string, cause: unknown): DomainError =>
  new DomainError('MODEL_FILE_INVALID', `The file is not served: ${message}`, {
    errors: [{ field: 'file', message }],
    cause,
  });

/** A limit under a name that nothing is measured by would never be applied. */
function assertMetricsKnown({ quality: { thresholds, by_modality = {} } }: Manifest): void {
  const all: Record<string, object> = { 'quality.thresholds': thresholds };
  for (const [modality, limits] of Object.entries(by_modality))
    all[`quality.by_modality.${modality}`] = limits;
  const message = `must name metrics out of ${Object.keys(QUALITY_METRICS).join(', ')}`;
  const errors: FieldError[] = Object.entries(all)
    .filter(([, limits]) => !Object.keys(limits).every((name) => Object.hasOwn(QUALITY_METRICS, name)))
    .map(([field]) => ({ field, message }));
  if (errors.length > 0) throw new DomainError('VALIDATION_FAILED', undefined, { errors });
}

const shapeOf = (tensors: readonly TensorDescription[], name: string): ModelShape =>
  tensors.find((tensor) => tensor.name === name)?.shape ?? [];
