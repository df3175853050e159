import { DomainError } from '../../errors/domain.error';
import { assertChannels, assertSide, assertSize, MAX_VALUES } from '../bounds';
import type { Image, ImageSource } from '../image';
import { scanNumbers } from './number-scanner';

type RawSource = Extract<ImageSource, { form: 'numbers' | 'float32' }>;

const FLOAT32_BYTES = 4;

/**
 * An image that came as bare values. Channels default to those of the model; an image without width and height must
 * be square, and one of the two follows from the other.
 * @throws DomainError IMAGE_EMPTY, IMAGE_DATA_LENGTH, IMAGE_DATA_NOT_FINITE, IMAGE_DATA_OUT_OF_RANGE,
 * IMAGE_DIMENSIONS_REQUIRED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS, IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS,
 * IMAGE_CHANNELS_UNSUPPORTED, and what scanNumbers throws
 */
export function readRawImage(source: RawSource, modelChannels: number): Image {
  const channels = source.channels ?? modelChannels;
  assertChannels(channels);
  if (source.width !== undefined) assertSide('width', source.width);
  if (source.height !== undefined) assertSide('height', source.height);

  const data =
    source.form === 'numbers'
      ? scanNumbers(source.bytes, declaredLength(source, channels))
      : readFloat32(source.bytes);
  if (data.length === 0) throw new DomainError('IMAGE_EMPTY');
  const { width, height } = resolveSize(source, data.length / channels);
  assertSize(width, height);
  if (width * height * channels !== data.length) throw wrongLength(data.length, width * height * channels);
  assertUnitValues(data);
  return { width, height, channels, data };
}

function declaredLength({ width, height }: RawSource, channels: number): number {
  return width === undefined || height === undefined ? MAX_VALUES : width * height * channels;
}

function resolveSize({ width, height }: RawSource, pixels: number): { width: number; height: number } {
  if (width !== undefined) return { width, height: height ?? otherSide(pixels, width) };
  if (height !== undefined) return { width: otherSide(pixels, height), height };
  if (!Number.isInteger(pixels)) throw new DomainError('IMAGE_DATA_LENGTH');
  const side = Math.sqrt(pixels);
  if (!Number.isInteger(side)) throw new DomainError('IMAGE_DIMENSIONS_REQUIRED');
  return { width: side, height: side };
}

function otherSide(pixels: number, side: number): number {
  if (pixels % side !== 0) throw new DomainError('IMAGE_DATA_LENGTH');
  return pixels / side;
}

const wrongLength = (received: number, expected: number): DomainError =>
  new DomainError('IMAGE_DATA_LENGTH', `${received} values came, ${expected} were expected`);

/** A view where the bytes start on the boundary of a value, else a copy. The hosts onnxruntime runs on are little-endian. */
function readFloat32(bytes: Uint8Array): Float32Array {
  if (bytes.length % FLOAT32_BYTES !== 0) throw new DomainError('IMAGE_DATA_LENGTH');
  const { buffer, byteOffset } = bytes.byteOffset % FLOAT32_BYTES === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(buffer, byteOffset, bytes.length / FLOAT32_BYTES);
}

function assertUnitValues(data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value >= 0 && value <= 1) continue;
    const finite = Number.isFinite(value);
    throw new DomainError(finite ? 'IMAGE_DATA_OUT_OF_RANGE' : 'IMAGE_DATA_NOT_FINITE', undefined, {
      errors: [{ field: `data[${i}]`, message: finite ? 'expected 0 to 1' : 'expected a finite number' }],
    });
  }
}
