import { DomainError, type FieldError } from '../../../errors/domain.error';
import { ERROR_CODES, type ErrorCode } from '../../../errors/error-codes';
import type { ImageSource } from '../../../imaging/image';
import type { EngineAnswer, EngineModel } from '../inference-engine';
import { elementsOf, nested, type TensorHeader, TensorReader } from './tensor-encoding';

/**
 * The headers of the frames between the server and an engine process. The process speaks first, `{}`, when it takes
 * calls; then it answers each call in turn.
 */
export type ModelSpec = Omit<EngineModel, 'name' | 'version' | 'locate'>;

type SourceHeader<Source> = Source extends unknown
  ? Omit<Source, 'bytes'> & { readonly length: number }
  : never;

export type EngineCall =
  /** The process reads the file itself, so that it does not pass through the memory of the server. */
  | { readonly verb: 'load'; readonly model: ModelSpec; readonly path: string; readonly threads: number }
  /** Payload: the bytes of the image sources, each from a boundary of 8 bytes. */
  | {
      readonly verb: 'run';
      readonly modelId: string;
      readonly sources: readonly SourceHeader<ImageSource>[];
    };

export interface EngineFailure {
  readonly failure: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly errors?: readonly FieldError[];
    /** For the log: what the runtime says about a model file, or the line of code that failed; nothing of an image. */
    readonly reason?: string;
  };
}

export interface ImageReply extends Omit<RunAnswer, 'outputs' | 'scores'> {
  /** null when the model did not run. */
  readonly tensors: readonly TensorHeader[] | null;
  /** The tensor whose elements are the scores. The last of `tensors` is none of the outputs, if it has no name. */
  readonly judged: number;
}

/** Payload: the tensors of all answers, one after the other. */
export interface RunReply {
  /** One for each source, in order. */
  readonly answers: readonly (ImageReply | EngineFailure)[];
  readonly rssBytes: number;
}

export const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
/** Of what a process says, which runs a model that nobody has vouched for. */
export const ANSWER_BOUNDS = { header: 1024 * 1024, payload: MAX_ANSWER_BYTES };

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

/** Without what only the server knows. */
export type RunAnswer = Omit<EngineAnswer, 'queueMs'>;

export function answersOf(
  { answers }: RunReply,
  payload: Uint8Array<ArrayBuffer>,
): (RunAnswer | DomainError)[] {
  const reader = new TensorReader(payload);
  return answers.map((answer) => errorOf(answer) ?? answerOf(answer as ImageReply, reader));
}

function answerOf(reply: ImageReply, reader: TensorReader): RunAnswer {
  const { tensors, judged, ...rest } = reply;
  if (tensors === null) return { ...rest, outputs: null, scores: [] };
  const outputs: EngineAnswer['outputs'] = {};
  let scores: number[] = [];
  for (const [i, tensor] of tensors.entries()) {
    const elements = elementsOf(tensor, reader);
    if (i === judged) scores = Array.from(elements, Number);
    if (tensor.name !== undefined) outputs[tensor.name] = nested(elements, tensor.dims);
  }
  return { ...rest, outputs, scores };
}
