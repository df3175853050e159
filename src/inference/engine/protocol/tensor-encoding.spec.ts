import type { Element } from '../inference-engine';
import { aligned, elementsOf, nested, TensorReader } from './tensor-encoding';

describe('tensor encoding', () => {
  it('nests row-major elements', () => {
    expect(nested([1, 2, 3, 4, 5, 6], [1, 2, 3])).toEqual([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(nested(Float32Array.of(0.5, 1), [2, 1])).toEqual([[0.5], [1]]);
    expect(nested(['one'], [])).toBe('one');
    expect(nested([], [0, 4])).toEqual([]);
    expect(nested([], [2, 0])).toEqual([[], []]);
  });

  it('starts each part on a boundary of 8 bytes', () => {
    const parts = [
      Uint8Array.of(1),
      Uint8Array.of(),
      Uint8Array.from({ length: 8 }, () => 2),
      Uint8Array.of(3, 4),
    ];
    const payload = Buffer.concat(aligned(parts));
    expect(payload).toHaveLength(24);
    const reader = new TensorReader(payload);
    expect(parts.map(({ length }) => new Uint8Array(reader.next(length)))).toEqual(parts);
  });

  it.each<[string, Uint8Array, Element[]]>([
    ['float32', new Uint8Array(Float32Array.of(0.5, -2).buffer), [0.5, -2]],
    ['float64', new Uint8Array(Float64Array.of(0.1).buffer), [0.1]],
    ['int8', Uint8Array.of(255, 1), [-1, 1]],
    ['uint8', Uint8Array.of(255, 1), [255, 1]],
    ['int32', new Uint8Array(Int32Array.of(-7).buffer), [-7]],
    ['uint32', new Uint8Array(Uint32Array.of(2 ** 31).buffer), [2 ** 31]],
    ['bool', Uint8Array.of(0, 1), [false, true]],
    ['json', Buffer.from('[1,"18446744073709551615","é"]'), [1, '18446744073709551615', 'é']],
  ])('reads %s', (encoding, bytes, elements) => {
    const header = { dims: [elements.length], encoding, bytes: bytes.length } as Parameters<
      typeof elementsOf
    >[0];
    const aligned = new Uint8Array(bytes);
    expect(Array.from(elementsOf(header, new TensorReader(aligned)))).toEqual(elements);
  });
});
