import type { ImageSource, PreparedImage, Validation } from '../../imaging/image';
import type { InputSpec, QualitySpec } from '../../imaging/input-spec';
import type { Activation } from './activation';

/** `output` of the manifest: the output that is judged, and how its numbers become scores. */
export interface OutputSpec {
  readonly name: string;
  readonly activation: Activation;
}

/** A model version, as far as an engine must know it. */
export interface EngineModel {
  readonly id: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly fileHash: string;
  readonly input: InputSpec;
  readonly output: OutputSpec;
  readonly quality: QualitySpec;
  readonly readFile: () => Promise<Uint8Array>;
}

export interface TensorDescription {
  readonly name: string;
  readonly type: string;
  /** A string is the name of a dimension that each run decides. */
  readonly shape: readonly (number | string)[];
}

/** A loaded model as the runtime sees it. */
export interface ModelDescription {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly loadMs: number;
  readonly warmUpMs: number;
  readonly runtimeVersion: string;
}

export interface EngineRequest {
  readonly source: ImageSource;
  /** Counted from the call of `run`; waiting and loading count as well. */
  readonly deadlineMs: number;
  /** Takes a waiting request back. One that a process works on already is finished. */
  readonly signal?: AbortSignal;
}

export type NestedArray = number | NestedArray[];

export interface EngineAnswer {
  /** Every output as the model gave it; null when the quality policy refused the image and the model did not run. */
  readonly outputs: Record<string, NestedArray> | null;
  /** The manifest's output after activation, flattened, row-major; empty when the model did not run. */
  readonly scores: number[];
  readonly image: PreparedImage['image'];
  readonly validation: Validation;
  readonly preprocessingMs: number;
  readonly inferenceMs: number;
  /** From the call of `run` until the image was handed to a process, a load that was needed included. */
  readonly queueMs: number;
  readonly runtimeVersion: string;
}

export interface EngineHealth {
  /** As many as there should be. */
  readonly processes: number;
  readonly ready: number;
  readonly busy: number;
  /** Requests that wait for a process. */
  readonly queued: number;
  /** Processes replaced since the start. */
  readonly restarts: number;
}

/**
 * Runs models. Nothing is ever tried twice.
 * Every call may throw DomainError ENGINE_UNAVAILABLE, ENGINE_TIMEOUT or ENGINE_CRASHED.
 */
export abstract class InferenceEngine {
  /**
   * Makes the model ready everywhere, warmed up by one run.
   * @throws DomainError MODEL_INTEGRITY_FAILED, MODEL_LOAD_FAILED
   */
  abstract load(model: EngineModel): Promise<ModelDescription>;

  abstract unload(modelId: string): Promise<void>;

  /**
   * Loads the model first where that is needed.
   * @throws DomainError ENGINE_BUSY when too many requests wait; what `load` throws; IMAGE_* codes, MODEL_INPUT_INVALID,
   * MODEL_OUTPUT_INVALID; the signal's reason when the request was taken back
   */
  abstract run(model: EngineModel, request: EngineRequest): Promise<EngineAnswer>;

  abstract health(): EngineHealth;

  /** Ends everything; requests under way fail with ENGINE_UNAVAILABLE. */
  abstract close(): Promise<void>;
}
