import type { InputSpec } from '../../../imaging/input-spec';
import { accepts, signatureErrors, warmUpDims } from './model-signature';

const resize = { width: 320, height: 224, kernel: 'bilinear', antialias: true } as const;
const input: InputSpec = {
  name: 'image',
  layout: 'NCHW',
  value_space: 'unit',
  resize,
  channels: 1,
  mean: [0],
  std: [1],
  range: [0, 1],
};
const output = { name: 'logits', activation: 'softmax' } as const;
const tensor = (name: string, shape: (number | string)[], type = 'float32'): Tensor => ({
  name,
  type,
  shape,
});
interface Tensor {
  readonly name: string;
  readonly type: string;
  readonly shape: (number | string)[];
}

const fields = (
  manifest: Partial<InputSpec>,
  inputs: Tensor[],
  outputs: Tensor[] = [tensor('logits', [1, 2])],
): string[] =>
  signatureErrors({ input: { ...input, ...manifest }, output }, inputs, outputs).map(({ field }) => field);

describe('model signature', () => {
  it.each([
    [['batch', 1, 224, 320]],
    [[1, 'channels', 'height', 'width']],
    [[]], // not declared
  ])('agrees with a model of %j', (shape) => {
    expect(fields({}, [tensor('image', shape)])).toEqual([]);
  });

  it('reads channels last where the manifest says so', () => {
    expect(fields({ layout: 'NHWC' }, [tensor('image', [1, 224, 320, 1])])).toEqual([]);
    expect(fields({ layout: 'NHWC' }, [tensor('image', [1, 1, 224, 320])])).toEqual([
      'input.channels',
      'input.resize',
      'input.resize',
    ]);
  });

  it.each([
    ['another name', tensor('pixels', [1, 1, 224, 320]), 'input.name'],
    ['another type', tensor('image', [1, 1, 224, 320], 'uint8'), 'input'],
    ['three axes', tensor('image', [1, 1, 224]), 'input.layout'],
    ['a batch of 8', tensor('image', [8, 1, 224, 320]), 'input.layout'],
    ['three channels', tensor('image', [1, 3, 224, 320]), 'input.channels'],
    ['another height', tensor('image', [1, 1, 320, 320]), 'input.resize'],
  ])('disagrees with %s', (_, model, field) => {
    expect(fields({}, [model])).toEqual([field]);
  });

  it('disagrees with a second input, which nobody would fill', () => {
    expect(fields({}, [tensor('image', [1, 1, 224, 320]), tensor('age', [1])])).toEqual(['input.name']);
  });

  it('wants the judged output to be float32 and every other to be numbers', () => {
    const image = [tensor('image', [])];
    expect(fields({}, image, [tensor('other', [1])])).toEqual(['output.name']);
    expect(fields({}, image, [tensor('logits', [1], 'int64')])).toEqual(['output.name']);
    expect(fields({}, image, [tensor('logits', [1]), tensor('half', [1], 'float16')])).toEqual(['output']);
  });

  it('warms up with the size of the manifest, else of the model, else any', () => {
    expect(warmUpDims(input, [1, 1, 'h', 'w'])).toEqual([1, 1, 224, 320]);
    expect(warmUpDims({ ...input, resize: null }, [1, 1, 64, 'w'])).toEqual([1, 1, 64, 256]);
    expect(warmUpDims({ ...input, layout: 'NHWC', resize: null }, [1, 64, 96, 1])).toEqual([1, 64, 96, 1]);
  });

  it('accepts a tensor whose fixed axes are those of the model', () => {
    expect(accepts(['batch', 1, 64, 'w'], [1, 1, 64, 96])).toBe(true);
    expect(accepts(['batch', 1, 64, 'w'], [1, 1, 65, 96])).toBe(false);
    expect(accepts(['batch', 1, 64, 'w'], [1, 1, 64])).toBe(false);
    expect(accepts([], [1, 1, 64])).toBe(true);
  });
});
