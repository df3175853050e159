import type { PreparedImage } from '../../../imaging/image';
import type { OutputSpec } from '../inference-engine';
import { activate } from './activation';
import type { Feed, Output } from './onnx-runtime';
import { numbersOf, type OutputValues, valuesOf } from './output-values';

/** An output as it is sent; without a name it holds nothing but the scores. */
interface AnswerTensor extends OutputValues {
  readonly name?: string;
  readonly dims: readonly number[];
}

interface About extends Pick<PreparedImage, 'image' | 'validation' | 'processing'> {
  readonly preprocessingMs: number;
}

/** An image that is ready for the model. */
export interface PreparedInput {
  readonly about: About;
  readonly feed: Feed;
}

/** What became of one image. */
export interface ImageAnswer extends About {
  /** null when the quality policy kept the model from running. */
  readonly tensors: readonly AnswerTensor[] | null;
  /** Index of the tensor that holds the scores. */
  readonly judged: number;
  readonly inferenceMs: number;
}

export const refusedAnswer = ({ about }: PreparedInput): ImageAnswer => ({
  ...about,
  tensors: null,
  judged: -1,
  inferenceMs: 0,
});

/** @throws DomainError MODEL_OUTPUT_INVALID */
export function answerOf(
  { about }: PreparedInput,
  outputs: readonly Output[],
  { name, activation }: OutputSpec,
  inferenceMs: number,
): ImageAnswer {
  const tensors: AnswerTensor[] = outputs.map((output) => ({
    name: output.name,
    dims: output.dims,
    ...valuesOf(output),
  }));
  let judged = tensors.findIndex((tensor) => tensor.name === name);
  const numbers = numbersOf(tensors[judged]!);
  if (activation !== 'none') {
    const { dims } = tensors[judged]!;
    judged = tensors.push({ dims, encoding: 'float64', data: activate(numbers, dims, activation) }) - 1;
  }
  return { ...about, tensors, judged, inferenceMs };
}
