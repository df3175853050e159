import type { ImageSource } from '../image';
import { readRawImage } from './raw-image';

type Shape = { width?: number; height?: number; channels?: number };

const numbers = (length: number, shape: Shape = {}, value = '0.5'): ImageSource & { form: 'numbers' } => ({
  form: 'numbers',
  bytes: Buffer.from(`[${Array<string>(length).fill(value).join()}]`),
  ...shape,
});
const float32 = (values: number[] | Float32Array, shape: Shape = {}): ImageSource & { form: 'float32' } => ({
  form: 'float32',
  bytes: Buffer.from(Float32Array.from(values).buffer),
  ...shape,
});
const failure = (code: string): Error => expect.objectContaining({ code }) as Error;
const sizeOf = (source: ImageSource & { form: 'numbers' }, channels = 1): number[] => {
  const image = readRawImage(source, channels);
  return [image.width, image.height, image.channels];
};

describe('readRawImage [R-03]', () => {
  it('takes an image without dimensions for a square one of as many channels as the model has', () => {
    expect(sizeOf(numbers(64 * 64))).toEqual([64, 64, 1]);
    expect(sizeOf(numbers(64 * 64 * 3), 3)).toEqual([64, 64, 3]);
  });

  it('derives the missing one of width and height', () => {
    expect(sizeOf(numbers(64 * 80, { width: 80 }))).toEqual([80, 64, 1]);
    expect(sizeOf(numbers(64 * 80, { height: 80 }))).toEqual([64, 80, 1]);
    expect(sizeOf(numbers(64 * 80 * 3, { height: 80, channels: 3 }))).toEqual([64, 80, 3]);
  });

  it.each([
    ['no values', numbers(0), 'IMAGE_EMPTY'],
    ['a rectangle without dimensions', numbers(64 * 65), 'IMAGE_DIMENSIONS_REQUIRED'],
    ['a side that does not divide the values', numbers(64 * 64 + 1, { width: 64 }), 'IMAGE_DATA_LENGTH'],
    ['too few values', numbers(64 * 64 - 1, { width: 64, height: 64 }), 'IMAGE_DATA_LENGTH'],
    ['too many values', numbers(64 * 64 + 1, { width: 64, height: 64 }), 'IMAGE_DATA_LENGTH'],
    ['values that do not fill the channels', numbers(64 * 64, { channels: 3 }), 'IMAGE_DATA_LENGTH'],
    ['a small square', numbers(63 * 63), 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    ['a derived side that is too small', numbers(64 * 63, { width: 64 }), 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    ['a narrow image', numbers(64 * 129, { width: 64 }), 'IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS'],
    ['no channels', numbers(64 * 64, { channels: 0 }), 'IMAGE_CHANNELS_UNSUPPORTED'],
    ['five channels', numbers(64 * 64 * 5, { channels: 5 }), 'IMAGE_CHANNELS_UNSUPPORTED'],
  ])('refuses %s', (_name, source, code) => {
    expect(() => readRawImage(source, 1)).toThrow(failure(code));
  });

  it.each([0, -64, 63, 2049, 64.5, NaN, Infinity, 1e12])('refuses a declared side of %d unread', (side) => {
    const unread = { form: 'numbers' as const, bytes: Buffer.from('not read') };
    for (const shape of [{ width: side }, { height: side }]) {
      expect(() => readRawImage({ ...unread, ...shape }, 1)).toThrow(
        failure('IMAGE_DIMENSIONS_OUT_OF_BOUNDS'),
      );
    }
  });
});

describe('readRawImage [R-04]', () => {
  it('reads little-endian float32 that starts at an odd offset', () => {
    const { bytes } = float32(Array.from({ length: 4096 }, (_, i) => i / 4096));
    const shifted = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
    expect(readRawImage({ form: 'float32', bytes: shifted }, 1).data[1]).toBe(1 / 4096);
  });

  it('looks at float32 where it stands when it starts on the boundary of a value, without a copy', () => {
    const bytes = new Uint8Array(new ArrayBuffer(8 + 64 * 64 * 4), 8);
    const { data } = readRawImage({ form: 'float32', bytes }, 1);
    expect(data.buffer).toBe(bytes.buffer);
    expect(data.byteOffset).toBe(8);
  });

  it('refuses float32 that ends within a value', () => {
    const source = { form: 'float32' as const, bytes: Buffer.alloc(64 * 64 * 4 - 1) };
    expect(() => readRawImage(source, 1)).toThrow(failure('IMAGE_DATA_LENGTH'));
  });

  it.each([
    [NaN, 'IMAGE_DATA_NOT_FINITE'],
    [Infinity, 'IMAGE_DATA_NOT_FINITE'],
    [-Infinity, 'IMAGE_DATA_NOT_FINITE'],
    [-0.001, 'IMAGE_DATA_OUT_OF_RANGE'],
    [1.001, 'IMAGE_DATA_OUT_OF_RANGE'],
    [255, 'IMAGE_DATA_OUT_OF_RANGE'],
  ])('refuses a single %d', (value, code) => {
    const values = new Float32Array(4096);
    values[77] = value;
    expect(() => readRawImage(float32(values), 1)).toThrow(
      expect.objectContaining({
        code,
        errors: [{ field: 'data[77]', message: expect.any(String) as string }],
      }),
    );
  });

  it('refuses a JSON number beyond float32', () => {
    expect(() => readRawImage(numbers(4096, {}, '1e999'), 1)).toThrow(failure('IMAGE_DATA_NOT_FINITE'));
  });

  it('accepts 0, negative zero and 1', () => {
    const values = new Float32Array(4096).fill(1).fill(-0, 0, 9).fill(0, 9, 99);
    expect(readRawImage(float32(values), 1).data).toEqual(values);
  });
});
