import { DomainError, type FieldError } from '../errors/domain.error';
import type { Manifest } from './manifest';
import type { OnnxDescription, OnnxTensor } from './onnx/onnx-description';

/**
 * Fills in what the file says itself: the names of its only input and output, the channels, the labels (metadata
 * property `labels`, a JSON array). What the author wrote stays; the engine refuses it where the file contradicts.
 * @throws DomainError MODEL_MANIFEST_MISMATCH where the file does not say it
 */
export function completeManifest(manifest: Manifest, onnx: OnnxDescription): Manifest {
  const constants = new Set(manifest.input.extra?.map(({ name }) => name));
  const images = onnx.inputs.filter(({ name }) => !constants.has(name));
  const errors: FieldError[] = [];
  const nameOf = (given: string, candidates: readonly OnnxTensor[], field: string): string => {
    if (given !== '') return given;
    if (candidates.length !== 1)
      errors.push({ field, message: `must be given: the model has ${candidates.length}` });
    return candidates[0]?.name ?? '';
  };
  const inputName = nameOf(manifest.input.name, images, 'input.name');
  const outputName = nameOf(manifest.output.name, onnx.outputs, 'output.name');
  const image = images.find(({ name }) => name === inputName);
  const channels = manifest.input.channels || image?.shape[manifest.input.layout === 'NCHW' ? 1 : 3];
  if (image === undefined) {
    errors.push({ field: 'input.name', message: 'must name an input of the model' });
  } else if (typeof channels !== 'number' || channels < 1 || channels > 4) {
    errors.push({ field: 'input.channels', message: 'must be given: the model does not declare 1 to 4' });
  }
  const labels = manifest.labels.length > 0 ? manifest.labels : labelsIn(onnx.metadata['labels']);
  const judged = onnx.outputs.find(({ name }) => name === outputName);
  if (judged !== undefined && !fitLabels(labels, judged, manifest.output.activation)) {
    errors.push({ field: 'labels', message: 'must be as many as the model has scores' });
  }
  if (errors.length > 0) throw new DomainError('MODEL_MANIFEST_MISMATCH', undefined, { errors });
  return {
    ...manifest,
    labels,
    input: { ...manifest.input, name: inputName, channels: channels as number },
    output: { ...manifest.output, name: outputName },
  };
}

function labelsIn(text: string | undefined): readonly string[] {
  try {
    const labels: unknown = JSON.parse(text ?? '[]');
    const usable =
      Array.isArray(labels) && labels.every((label) => typeof label === 'string' && label !== '');
    return usable && new Set(labels).size === labels.length ? (labels as string[]) : [];
  } catch {
    return [];
  }
}

/** Scores stand in the last of two dimensions; one sigmoid score with two labels is the probability of the second. */
function fitLabels(labels: readonly string[], { shape }: OnnxTensor, activation: string): boolean {
  const scores = shape.length === 2 ? shape[1] : undefined;
  if (labels.length === 0 || typeof scores !== 'number' || scores === labels.length) return true;
  return activation === 'sigmoid' && scores === 1 && labels.length === 2;
}
