import type { NestedArray } from '../inference-engine';
import { constantFeed } from './constant-input';

const feed = (value: NestedArray, type: string, ...shape: (number | string)[]): object | undefined =>
  constantFeed(value, { name: 'age', type, shape });

describe('constant input', () => {
  it('fills the tensor with one value; a free dimension counts as 1', () => {
    expect(feed(40, 'float32', 'batch', 3)).toEqual({
      type: 'float32',
      data: Float32Array.of(40, 40, 40),
      dims: [1, 3],
    });
    expect(feed(true, 'bool')).toEqual({ type: 'bool', data: Uint8Array.of(1), dims: [] });
  });

  it('takes the dimensions of arrays in arrays', () => {
    expect(feed([[1, 2]], 'int32', 'batch', 'n')).toEqual({
      type: 'int32',
      data: Int32Array.of(1, 2),
      dims: [1, 2],
    });
  });

  it('takes a flat array where it fills the dimensions', () => {
    expect(feed([1, 2], 'uint8', 1, 2)).toEqual({ type: 'uint8', data: Uint8Array.of(1, 2), dims: [1, 2] });
  });

  it('takes strings, and integers beyond 2^53 as strings', () => {
    expect(feed('F', 'string', 1)).toEqual({ type: 'string', data: ['F'], dims: [1] });
    expect(feed('9007199254740993', 'int64', 1)).toEqual({
      type: 'int64',
      data: BigInt64Array.of(9007199254740993n),
      dims: [1],
    });
  });

  it.each<[string, NestedArray, string, (number | string)[]]>([
    ['too few elements', [1, 2], 'float32', [3]],
    ['ragged rows', [[1, 2], [3]], 'float32', [2, 2]],
    ['other dimensions', [[1, 2]], 'float32', [2, 1]],
    ['text for a number', 'forty', 'float32', [1]],
    ['text for an integer', 'forty', 'int64', [1]],
    ['a number for text', 40, 'string', [1]],
    ['a fraction for an integer', 0.5, 'int32', [1]],
    ['an integer that does not fit', '9223372036854775808', 'int64', [1]],
    ['an absurd shape', 0, 'float32', [2 ** 31, 2 ** 31]],
    ['a type that is no tensor', 0, 'other', []],
  ])('is not %s', (_, value, type, shape) => {
    expect(feed(value, type, ...shape)).toBeUndefined();
  });
});
