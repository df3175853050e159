import type { FieldError } from '../../../errors/domain.error';
import type { InputSpec } from '../../../imaging/input-spec';
import type { OutputSpec, TensorDescription } from '../inference-engine';

/** Side of the warm-up image of a model that takes any size. */
const FREE_SIDE = 256;

/** float16 is missing on purpose: the runtime hands it out as the bits of uint16. */
const READABLE_TYPES: ReadonlySet<string> = new Set([
  'float32',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'bool',
]);

interface Manifest {
  readonly input: InputSpec;
  readonly output: OutputSpec;
}

/** Where the manifest and the model itself contradict each other; field names are those of the manifest. */
export function signatureErrors(
  { input, output }: Manifest,
  inputs: readonly TensorDescription[],
  outputs: readonly TensorDescription[],
): FieldError[] {
  const errors: FieldError[] = [];
  const check = (holds: boolean, field: string, message: string): void => {
    if (!holds) errors.push({ field, message });
  };
  const [only] = inputs;
  check(
    inputs.length === 1 && only?.name === input.name,
    'input.name',
    'must name the only input of the model',
  );
  check(only?.type === 'float32', 'input', 'the model must take float32');
  if (only !== undefined && only.shape.length > 0) {
    const { batch, channels, height, width } = axes(input, only.shape);
    check(only.shape.length === 4, 'input.layout', 'the model must take four dimensions');
    check(allows(batch, 1), 'input.layout', 'the model must take a batch of one');
    check(allows(channels, input.channels), 'input.channels', `the model takes ${channels}`);
    check(allows(height, input.resize?.height), 'input.resize', `the model takes a height of ${height}`);
    check(allows(width, input.resize?.width), 'input.resize', `the model takes a width of ${width}`);
  }
  const judged = outputs.find(({ name }) => name === output.name);
  check(judged !== undefined, 'output.name', 'the model has no such output');
  check(judged === undefined || judged.type === 'float32', 'output.name', 'the output must be float32');
  check(
    outputs.every(({ type }) => READABLE_TYPES.has(type)),
    'output',
    'every output of the model must be a tensor of numbers (float16 and uint64 are not supported)',
  );
  return errors;
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
