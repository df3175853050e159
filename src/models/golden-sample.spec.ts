import { deviation, goldenErrors } from './golden-sample';

describe('deviation', () => {
  it('is the largest absolute difference over every output named', () => {
    const outputs = { scores: [[0.25, 0.75]], mask: [[[1, 0]]], ignored: [9] };
    expect(deviation({ scores: [[0.25, 0.5]], mask: [[[1, 0.125]]] }, outputs)).toBe(0.25);
  });

  it('reads 64-bit integers, which come as text', () => {
    expect(deviation({ index: [3] }, { index: ['3'] })).toBe(0);
  });

  it.each([
    ['another length', { scores: [[1]] }, { scores: [[1, 2]] }],
    ['another depth', { scores: [1] }, { scores: [[1]] }],
    ['a number for an array', { scores: [1] }, { scores: 1 }],
    ['text', { scores: [1] }, { scores: ['one'] }],
  ])('names %s a shape', (_name, wanted, outputs) => {
    expect(deviation(wanted, outputs)).toBe('the output has another shape');
  });

  it('does not find an output on the prototype', () => {
    expect(deviation({ constructor: [1] }, {})).toBe('the model has no such output');
  });
});

describe('goldenErrors', () => {
  const sample = { input: { image: 'AAAA' }, output: { scores: [[1]] }, tolerance: 0 };

  it('takes a sample of either form', () => {
    expect(goldenErrors([sample, { ...sample, input: { data: [0, 1], width: 2, height: 1 } }])).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['both forms at once', { ...sample, input: { image: 'AAAA', data: [1] } }, 'golden.0.input'],
    ['an unknown field', { ...sample, colour: 1 }, 'golden.0'],
    ['no outputs', { ...sample, output: {} }, 'golden.0.output'],
    ['text in an output', { ...sample, output: { scores: ['1'] } }, 'golden.0.output'],
    ['half a pixel', { ...sample, input: { data: [1], width: 0.5 } }, 'golden.0.input'],
  ])('refuses %s', (_name, golden, field) => {
    expect(goldenErrors([golden])).toEqual([{ field, message: expect.any(String) as string }]);
  });

  it('refuses more than 32 samples', () => {
    expect(goldenErrors(Array.from({ length: 33 }, () => sample))).toHaveLength(1);
  });
});
