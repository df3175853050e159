import { inputValues } from './input-values';

const values = Float32Array.of(0, 1, 255);
const invalid = expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }) as Error;

describe('input values', () => {
  it('takes single precision as it is', () => {
    expect(inputValues(values, 'float32')).toBe(values);
  });

  it.each([
    ['float64', Float64Array.of(0, 1, 255)],
    ['float16', Uint16Array.of(0, 0x3c00, 0x5bf8)],
    ['uint8', Uint8Array.of(0, 1, 255)],
    ['int16', Int16Array.of(0, 1, 255)],
    ['uint16', Uint16Array.of(0, 1, 255)],
    ['int32', Int32Array.of(0, 1, 255)],
    ['uint32', Uint32Array.of(0, 1, 255)],
    ['int64', BigInt64Array.of(0n, 1n, 255n)],
    ['uint64', BigUint64Array.of(0n, 1n, 255n)],
  ] as const)('makes %s', (type, data) => {
    expect(inputValues(values, type)).toEqual(data);
  });

  it('makes the whole numbers that an image of 8 or 16 bits has, whatever single precision did to them', () => {
    for (const [type, max] of [
      ['uint8', 255],
      ['uint16', 65_535],
    ] as const) {
      const levels = Float32Array.from({ length: max + 1 }, (_, level) => Math.fround(level / max) * max);
      const data = inputValues(levels, type) as Uint16Array;
      expect(data.every((level, i) => level === i)).toBe(true);
    }
  });

  it.each([
    ['uint8', 0.5],
    ['uint8', 256],
    ['uint8', -1],
    ['int8', 128],
    ['bool', 2],
    ['uint32', 2 ** 32],
    ['uint64', -1],
    ['uint64', 2 ** 64],
    ['int64', 2 ** 63],
    ['int32', NaN],
    ['float16', 65_536],
  ] as const)('refuses for %s: %d', (type, value) => {
    expect(() => inputValues(Float32Array.of(value), type)).toThrow(invalid);
  });

  it('has false and true', () => {
    expect(inputValues(Float32Array.of(0, 1), 'bool')).toEqual(Uint8Array.of(0, 1));
  });
});
