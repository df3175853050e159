import { DomainError } from '../../../errors/domain.error';
import { toFloat16 } from './float16';
import type { TensorData } from './onnx-runtime';

/** Ranges as far as a double names their ends. */
const RANGES = {
  bool: [0, 1],
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  uint64: [0, 2 ** 64 - 2048],
  float16: [-65_504, 65_504],
  float32: [-Infinity, Infinity],
  float64: [-Infinity, Infinity],
} as const;

type InputType = keyof typeof RANGES;

const INTEGERS = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
};

/** A few units in the last place of single precision: an image value such as 200/255 x 255 counts as whole. */
const WHOLE = 2 ** -21;

export const isInputType = (type: string): type is InputType => Object.hasOwn(RANGES, type);

/**
 * The values of an image in the type that a model takes. Integers must be whole, to the precision of the image, and in
 * the range of the type; nothing is cut off or wrapped around.
 * @throws DomainError MODEL_INPUT_INVALID
 */
export function inputValues(values: Float32Array | Float64Array, type: InputType): TensorData {
  if (type === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values);
  if (type === 'float64') return Float64Array.from(values);
  const [min, max] = RANGES[type];
  const inRange = (value: number): number => {
    if (value >= min && value <= max) return value;
    throw unfit(type, 'beyond its range');
  };
  if (type === 'float16') return toFloat16(values.map(inRange));
  const whole = (value: number): number => {
    const rounded = Math.round(value);
    if (Math.abs(value - rounded) <= WHOLE * Math.max(Math.abs(value), 1)) return inRange(rounded);
    throw unfit(type, 'that are not whole');
  };
  if (type === 'int64') return BigInt64Array.from(values, (value) => BigInt(whole(value)));
  if (type === 'uint64') return BigUint64Array.from(values, (value) => BigInt(whole(value)));
  const array: Uint8ArrayConstructor = INTEGERS[type] as Uint8ArrayConstructor;
  return array.from(values, whole);
}

const unfit = (type: string, how: string): DomainError =>
  new DomainError('MODEL_INPUT_INVALID', `The model takes ${type}, and the image has values ${how}`);
