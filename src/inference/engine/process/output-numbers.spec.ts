import { assertAnswerFits, numbersOf } from './output-numbers';

const invalid = expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' });

describe('output numbers', () => {
  it('widens every type of number', () => {
    expect([...numbersOf({ data: Float32Array.of(0.5, -2) })]).toEqual([0.5, -2]);
    expect([...numbersOf({ data: BigInt64Array.of(3n, -4n) })]).toEqual([3, -4]);
    expect([...numbersOf({ data: Uint8Array.of(0, 1) })]).toEqual([0, 1]);
  });

  it.each([
    ['NaN', Float32Array.of(1, NaN)],
    ['infinity', Float32Array.of(-Infinity)],
    ['an integer that a double rounds', BigInt64Array.of(2n ** 53n + 1n)],
    ['text', ['malignant']],
  ])('refuses %s', (_, data) => {
    expect(() => numbersOf({ data })).toThrow(invalid);
  });

  it('refuses more than an answer may hold, be it numbers or brackets around none', () => {
    expect(() => assertAnswerFits([{ dims: [1, 3, 2048, 2048] }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: [100_000_000, 0] }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: Array.from({ length: 9 }, () => 1) }])).toThrow(invalid);
    expect(() => assertAnswerFits([{ dims: [1, 1, 2048, 2048] }, { dims: [0, 4] }])).not.toThrow();
  });
});
