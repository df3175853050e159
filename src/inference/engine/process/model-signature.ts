import type { FieldError } from '../../../errors/domain.error';
import { MAX_VALUES } from '../../../imaging/bounds';
import type { InputSpec } from '../../../imaging/input-spec';
import type { TensorDescription } from '../inference-engine';
import type { ModelSpec } from '../protocol/engine-protocol';
import { elementCount } from '../protocol/tensor-encoding';
import { constantFeed } from './constant-input';
import { isInputType } from './input-values';

/** Side of the warm-up image of a model that takes any size. */
const FREE_SIDE = 256;

const FLOATS: ReadonlySet<string> = new Set(['float16', 'float32', 'float64']);

type Manifest = Pick<ModelSpec, 'input' | 'output' | 'batching'>;
type Check = (holds: boolean, field: string, message: string) => void;

/** Where the manifest and the model itself contradict each other; field names are those of the manifest. */
export function signatureErrors(
  manifest: Manifest,
  inputs: readonly TensorDescription[],
  outputs: readonly TensorDescription[],
): FieldError[] {
  const errors: FieldError[] = [];
  const check: Check = (holds, field, message) => {
    if (!holds) errors.push({ field, message });
  };
  const named = inputs.find(({ name }) => name === manifest.input.name);
  const image = inputs.length === 1 ? inputs[0] : named;
  const names = inputs.map(({ name }) => name).join(', ');
  check(named !== undefined, 'input.name', `the model has no such input, but ${names}`);
  if (image !== undefined) checkImage(manifest, image, check);
  checkConstants(
    manifest,
    inputs.filter((input) => input !== image),
    check,
  );
  checkOutputs(manifest, outputs, check);
  return errors;
}

function checkImage({ input, batching }: Manifest, { type, shape }: TensorDescription, check: Check): void {
  check(isInputType(type), 'input', `the model takes ${type}, which no image is made into`);
  check(shape.length === 0 || shape.length === 4, 'input.layout', 'the model must take four dimensions');
  if (shape.length !== 4) return;
  const { batch, channels, height, width } = axes(input, shape);
  check(allows(batch, 1), 'input.layout', 'the model must take a batch of one');
  check(
    batching === undefined || typeof batch === 'string',
    'batching',
    `the model takes a batch of ${batch}`,
  );
  check(allows(channels, input.channels), 'input.channels', `the model takes ${channels}`);
  check(allows(height, input.resize?.height), 'input.resize', `the model takes a height of ${height}`);
  check(allows(width, input.resize?.width), 'input.resize', `the model takes a width of ${width}`);
  const size = elementCount(warmUpDims(input, shape));
  check(size <= MAX_VALUES, 'input', `an image has at most ${MAX_VALUES} values`);
}

function checkConstants({ input }: Manifest, inputs: readonly TensorDescription[], check: Check): void {
  const extra = input.extra ?? [];
  for (const described of inputs) {
    const given = extra.filter(({ name }) => name === described.name);
    const { name, type, shape } = described;
    check(given.length === 1, 'input.extra', `the model also takes ${name}: give it one value`);
    const fits = given.every(({ value }) => constantFeed(value, described) !== undefined);
    check(fits, 'input.extra', `${name} must be ${type} of shape [${shape.join(', ')}]`);
  }
  const known = extra.every(({ name }) => inputs.some((described) => described.name === name));
  check(known, 'input.extra', 'names an input that the model does not have besides the image');
}

function checkOutputs({ output }: Manifest, outputs: readonly TensorDescription[], check: Check): void {
  const judged = outputs.find(({ name }) => name === output.name);
  const names = outputs.map(({ name }) => name).join(', ');
  check(judged !== undefined, 'output.name', `the model has no such output, but ${names}`);
  if (judged !== undefined) {
    const countable = isInputType(judged.type) && (output.activation === 'none' || FLOATS.has(judged.type));
    check(
      countable,
      'output',
      `the model gives ${judged.type}, which ${output.activation} is not defined for`,
    );
  }
  for (const { name, type } of outputs) {
    const readable = isInputType(type) || type === 'string';
    check(readable, 'output', `${name} must be a tensor of numbers, booleans or strings`);
  }
}

/** Dimensions of an input that the model must accept. */
export function warmUpDims(input: InputSpec, shape: readonly (number | string)[]): number[] {
  const { height, width } = axes(input, shape);
  const rows = input.resize?.height ?? (typeof height === 'number' ? height : FREE_SIDE);
  const columns = input.resize?.width ?? (typeof width === 'number' ? width : FREE_SIDE);
  return input.layout === 'NCHW' ? [1, input.channels, rows, columns] : [1, rows, columns, input.channels];
}

/** An empty shape is one the model does not declare. */
export function accepts(shape: readonly (number | string)[], dims: readonly number[]): boolean {
  return (
    shape.length === 0 || (shape.length === dims.length && shape.every((axis, i) => allows(axis, dims[i])))
  );
}

type Axis = number | string | undefined;

function axes(
  { layout }: InputSpec,
  shape: readonly (number | string)[],
): Record<'batch' | 'channels' | 'height' | 'width', Axis> {
  const [batch, a, b, c] = shape;
  return layout === 'NCHW'
    ? { batch, channels: a, height: b, width: c }
    : { batch, height: a, width: b, channels: c };
}

const allows = (axis: Axis, size: number | undefined): boolean =>
  typeof axis !== 'number' || size === undefined || axis === size;
