import { DomainError, type FieldError } from '../../../errors/domain.error';
import { ERROR_CODES, type ErrorCode } from '../../../errors/error-codes';
import type { ImageSource } from '../../../imaging/image';
import type { EngineAnswer, EngineModel, NestedArray } from '../inference-engine';

/**
 * The headers of the frames between the server and an engine process. The process speaks first, `{}`, when it takes
 * calls; then it answers each call in turn.
 */
export type ModelSpec = Omit<EngineModel, 'name' | 'version' | 'locate'>;

type WithoutBytes<Source> = Source extends unknown ? Omit<Source, 'bytes'> : never;

export type EngineCall =
  | { readonly verb: 'load'; readonly model: ModelSpec; readonly path: string }
  /** Payload: the bytes of the image source. */
  | { readonly verb: 'run'; readonly modelId: string; readonly source: WithoutBytes<ImageSource> }
  | { readonly verb: 'unload'; readonly modelId: string };

export interface EngineFailure {
  readonly failure: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly errors?: readonly FieldError[];
    /** For the log: what the runtime says about a model file, or the line of code that failed; nothing of an image. */
    readonly reason?: string;
  };
}

/** Payload: the numbers of `tensors` one after the other, then the scores, all float64 little-endian. */
export interface RunReply extends Omit<EngineAnswer, 'outputs' | 'scores' | 'queueMs'> {
  readonly tensors: readonly { readonly name: string; readonly dims: readonly number[] }[] | null;
}

export const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export const elements = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

export function failureOf(error: unknown): EngineFailure {
  if (!(error instanceof DomainError)) {
    const place =
      error instanceof Error ? error.stack?.split('\n').find((line) => /^ +at /.test(line)) : undefined;
    return {
      failure: { code: 'INTERNAL_ERROR', detail: ERROR_CODES.INTERNAL_ERROR.title, reason: place?.trim() },
    };
  }
  const { code, detail, errors, cause } = error;
  const reason = cause instanceof Error ? cause.message.slice(0, 300) : undefined;
  return { failure: { code, detail, errors, reason } };
}

export function errorOf(header: unknown): DomainError | undefined {
  const { failure } = header as Partial<EngineFailure>;
  if (failure === undefined) return undefined;
  const { code, detail, errors, reason } = failure;
  return new DomainError(code, detail, { errors, cause: reason });
}

export function answerOf(reply: RunReply, payload: Buffer): Omit<EngineAnswer, 'queueMs'> {
  const { tensors, ...rest } = reply;
  const numbers = new Float64Array(payload.buffer, payload.byteOffset, payload.length / 8);
  let offset = 0;
  const entries = tensors?.map(({ name, dims }): [string, NestedArray] => {
    const start = offset;
    offset += elements(dims);
    return [name, nested(numbers.subarray(start, offset), dims)];
  });
  return {
    ...rest,
    outputs: entries === undefined ? null : Object.fromEntries(entries),
    scores: Array.from(numbers.subarray(offset)),
  };
}

function nested(numbers: Float64Array, [length, ...inner]: readonly number[]): NestedArray {
  if (length === undefined) return numbers[0] ?? NaN;
  if (inner.length === 0) return Array.from(numbers);
  const step = elements(inner);
  return Array.from({ length }, (_, i) => nested(numbers.subarray(i * step, (i + 1) * step), inner));
}
