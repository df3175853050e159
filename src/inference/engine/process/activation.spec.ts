import { activate } from './activation';

const rounded = (values: Float64Array): number[] => [...values].map((value) => Number(value.toFixed(6)));

describe('activation', () => {
  it('leaves the numbers alone when there is none', () => {
    expect([...activate(Float64Array.of(-2, 7), [1, 2], 'none')]).toEqual([-2, 7]);
  });

  it('sigmoid: 0 is one half, ln 3 three quarters, and far values do not overflow', () => {
    const scores = activate(Float64Array.of(0, Math.log(3), 1000, -1000), [1, 4], 'sigmoid');
    expect(rounded(scores)).toEqual([0.5, 0.75, 1, 0]);
  });

  it('softmax: ln 1, ln 2, ln 5 share in the ratio 1 : 2 : 5', () => {
    const logits = Float64Array.of(Math.log(1), Math.log(2), Math.log(5));
    expect(rounded(activate(logits, [1, 3], 'softmax'))).toEqual([0.125, 0.25, 0.625]);
    expect(rounded(activate(logits, [3], 'softmax'))).toEqual([0.125, 0.25, 0.625]);
  });

  it('softmax does not overflow', () => {
    expect(rounded(activate(Float64Array.of(1000, 1000), [1, 2], 'softmax'))).toEqual([0.5, 0.5]);
    expect(rounded(activate(Float64Array.of(-1000, 0), [1, 2], 'softmax'))).toEqual([0, 1]);
  });

  it('softmax of [1, 2 classes, 1, 2 pixels] adds up to one in each pixel', () => {
    const logits = Float64Array.of(0, Math.log(3), /* class 1 */ 0, 0);
    expect(rounded(activate(logits, [1, 2, 1, 2], 'softmax'))).toEqual([0.5, 0.75, 0.5, 0.25]);
  });

  it('softmax of [2 boxes, 2 classes] adds up to one in each box', () => {
    const logits = Float64Array.of(0, 0, /* box 1 */ Math.log(4), 0);
    expect(rounded(activate(logits, [2, 2], 'softmax'))).toEqual([0.5, 0.5, 0.8, 0.2]);
  });
});
