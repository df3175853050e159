import type { DomainError } from '../../errors/domain.error';
import type { ImageSource, PreparedImage, Validation } from '../../imaging/image';
import type { InputSpec, QualitySpec } from '../../imaging/input-spec';
import type { Activation } from './process/activation';

/** An element of a tensor as JSON has it. Integers that a double does not hold are decimal strings. */
export type Element = number | string | boolean;
export type NestedArray = Element | NestedArray[];

/** An input besides the image that has the same value in each run. */
interface ConstantInput {
  readonly name: string;
  /** One value fills the whole tensor. */
  readonly value: NestedArray;
}

/** `input` of the manifest: how the image becomes a tensor, and what the model is given besides. */
interface ModelInput extends InputSpec {
  readonly extra?: readonly ConstantInput[];
}

/** `output` of the manifest: the output that is judged, and how its numbers become scores. */
export interface OutputSpec {
  readonly name: string;
  readonly activation: Activation;
}

/** A model version, as far as an engine must know it. */
export interface EngineModel {
  readonly id: string;
  /** For metrics and logs. */
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly fileHash: string;
  readonly input: ModelInput;
  readonly output: OutputSpec;
  readonly quality: QualitySpec;
  /** As many images at most may run as one tensor. Left out, each runs on its own. */
  readonly batching?: { readonly max: number };
  /** Path of the file. A process reads it itself, so that it does not pass through the memory of the server. */
  readonly locate: () => Promise<string>;
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
  /** By which a process grew. */
  readonly memoryBytes: number;
  readonly runtimeVersion: string;
}

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface EngineRequest {
  readonly source: ImageSource;
  readonly priority: Priority;
  /** On whose behalf: within a priority, those who wait take turns. */
  readonly principalId: string;
  /** Counted from the call of `run`; waiting and loading count as well. */
  readonly deadlineMs: number;
  /** Takes a waiting request back. One that a process works on already is finished. */
  readonly signal?: AbortSignal;
}

export interface EngineAnswer {
  /** Every output as the model gave it; null when the quality policy refused the image and the model did not run. */
  readonly outputs: Record<string, NestedArray> | null;
  /** The manifest's output after activation, flattened, row-major; empty when the model did not run. */
  readonly scores: number[];
  readonly image: PreparedImage['image'];
  readonly processing: PreparedImage['processing'];
  readonly validation: Validation;
  /** From the call of `run` until the image was handed to a process, a load that was needed included. */
  readonly queueMs: number;
  readonly preprocessingMs: number;
  /** Of the run; images that ran as one tensor share it. */
  readonly inferenceMs: number;
  readonly runtimeVersion: string;
}

/** What came of a file nobody has vouched for yet. */
export interface ModelTrial {
  readonly description: ModelDescription;
  /** One for each source, in order. */
  readonly answers: readonly (EngineAnswer | DomainError)[];
}

/** A version that keeps killing processes is kept from running: `open`, and after a while tried again: `half_open`. */
export interface Quarantine {
  readonly modelId: string;
  readonly modelName: string;
  readonly version: string;
  readonly state: 'open' | 'half_open' | 'closed';
  readonly retryAfterSeconds: number;
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
  readonly quarantined: readonly Quarantine[];
}

/**
 * Runs models. Nothing that may have killed a process is tried again, but for images that shared a tensor with others:
 * each of them runs once more, alone.
 * Every call may throw DomainError ENGINE_UNAVAILABLE, ENGINE_TIMEOUT or ENGINE_CRASHED.
 */
export abstract class InferenceEngine {
  /**
   * Makes the model ready everywhere, warmed up by one run.
   * @throws DomainError MODEL_INTEGRITY_FAILED; MODEL_LOAD_FAILED; MODEL_MANIFEST_MISMATCH with what the file contradicts
   */
  abstract load(model: EngineModel): Promise<ModelDescription>;

  abstract unload(modelId: string): Promise<void>;

  /** undefined: not loaded. */
  abstract describe(modelId: string): ModelDescription | undefined;

  /**
   * Loads the model first where that is needed.
   * @throws DomainError ENGINE_BUSY when too many requests wait or the deadline passed before its turn came; MODEL_QUARANTINED; what `load` throws; IMAGE_* codes,
   * MODEL_INPUT_INVALID, MODEL_RUN_FAILED, MODEL_OUTPUT_INVALID; the signal's reason when the request was taken back
   */
  abstract run(model: EngineModel, request: EngineRequest): Promise<EngineAnswer>;

  /**
   * Loads the model and runs each source in a process of its own that ends afterwards; the others never see the file.
   * @throws what `load` throws
   */
  abstract trial(model: EngineModel, sources: readonly ImageSource[]): Promise<ModelTrial>;

  /** Calls `listener` at each change of state. */
  abstract onQuarantine(listener: (change: Quarantine) => void): void;

  abstract health(): EngineHealth;

  /** Ends everything; requests under way fail with ENGINE_UNAVAILABLE. */
  abstract close(): Promise<void>;
}
