import { assertAnswerFits, numbersOf, valuesOf } from './output-values';

const invalid = expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' }) as Error;
const json = (text: string): object => ({ encoding: 'json', data: Buffer.from(text) });

describe('output values', () => {
  it('keeps numbers as they are', () => {
    for (const data of [
      Float32Array.of(0.5, -2),
      Uint8Array.of(0, 255),
      Int16Array.of(-3),
      Float64Array.of(0.1),
    ]) {
      const type = data.constructor.name.replace('Array', '').toLowerCase();
      expect(valuesOf({ type, data })).toEqual({ encoding: type, data });
    }
    expect(valuesOf({ type: 'bool', data: Uint8Array.of(0, 1) })).toEqual({
      encoding: 'bool',
      data: Uint8Array.of(0, 1),
    });
  });

  it('decodes float16, which the runtime hands out as bits', () => {
    const data = Uint16Array.of(0x3c00, 0xc000, 0x0001);
    expect(valuesOf({ type: 'float16', data })).toEqual({
      encoding: 'float32',
      data: Float32Array.of(1, -2, 2 ** -24),
    });
  });

  it('gives 64-bit integers as numbers, and as decimal strings beyond 2^53', () => {
    expect(valuesOf({ type: 'int64', data: BigInt64Array.of(3n, -4n) })).toEqual({
      encoding: 'float64',
      data: Float64Array.of(3, -4),
    });
    expect(valuesOf({ type: 'int64', data: BigInt64Array.of(3n, -(2n ** 53n) - 1n) })).toEqual(
      json('[3,"-9007199254740993"]'),
    );
    expect(valuesOf({ type: 'uint64', data: BigUint64Array.of(2n ** 64n - 1n) })).toEqual(
      json('["18446744073709551615"]'),
    );
  });

  it('gives strings', () => {
    expect(valuesOf({ type: 'string', data: ['a "b"', 'é'] })).toEqual(json('["a \\"b\\"","é"]'));
  });

  it.each([
    ['NaN', 'float32', Float32Array.of(1, NaN)],
    ['infinity', 'float64', Float64Array.of(-Infinity)],
    ['infinity of float16', 'float16', Uint16Array.of(0x7c00)],
    ['a type without elements', 'other', Uint8Array.of()],
  ])('refuses %s', (_, type, data) => {
    expect(() => valuesOf({ type, data })).toThrow(invalid);
  });

  it('judges numbers only', () => {
    expect([...numbersOf(valuesOf({ type: 'int8', data: Int8Array.of(-1) }))]).toEqual([-1]);
    expect(() => numbersOf(valuesOf({ type: 'string', data: ['malignant'] }))).toThrow(invalid);
    expect(() => numbersOf(valuesOf({ type: 'uint64', data: BigUint64Array.of(2n ** 63n) }))).toThrow(
      invalid,
    );
  });

  it('refuses more than an answer may hold, be it numbers or brackets around none', () => {
    expect(() => assertAnswerFits([{ dims: [1, 3, 2048, 2048] }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: [100_000_000, 0] }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: Array.from({ length: 9 }, () => 1) }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: [1, 1, 2048, 2048] }, { dims: [0, 4] }])).not.toThrow();
  });
});
