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
    ['a type that is no tensor', tensor('image', [1, 1, 224, 320], 'other'), 'input'],
    ['three axes', tensor('image', [1, 1, 224]), 'input.layout'],
    ['a batch of 8', tensor('image', [8, 1, 224, 320]), 'input.layout'],
    ['three channels', tensor('image', [1, 3, 224, 320]), 'input.channels'],
    ['another height', tensor('image', [1, 1, 320, 320]), 'input.resize'],
  ])('disagrees with %s', (_, model, field) => {
    expect(fields({}, [model])).toEqual([field]);
  });

  it.each(['float16', 'float64', 'uint8', 'int64', 'bool'])('makes an image into %s', (type) => {
    expect(fields({}, [tensor('image', [1, 1, 224, 320], type)])).toEqual([]);
  });

  it('disagrees with a model whose image is larger than any', () => {
    expect(fields({ resize: null }, [tensor('image', [1, 1, 100_000, 'w'])])).toEqual(['input']);
  });

  it('wants one value for each input besides the image', () => {
    const inputs = [tensor('image', [1, 1, 224, 320]), tensor('age', ['batch', 1])];
    const given = (...extra: { name: string; value: number | string }[]): string[] => {
      const spec = { input: { ...input, extra }, output };
      return signatureErrors(spec, inputs, [tensor('logits', [1, 2])]).map(({ field }) => field);
    };
    expect(given({ name: 'age', value: 40 })).toEqual([]);
    expect(given()).toEqual(['input.extra']);
    expect(given({ name: 'age', value: 'forty' })).toEqual(['input.extra']);
    expect(given({ name: 'age', value: 40 }, { name: 'age', value: 41 })).toEqual(['input.extra']);
    expect(given({ name: 'age', value: 40 }, { name: 'image', value: 0 })).toEqual(['input.extra']);
    expect(given({ name: 'age', value: 40 }, { name: 'sex', value: 0 })).toEqual(['input.extra']);
  });

  it('judges numbers, and applies an activation to floating-point numbers only', () => {
    const image = [tensor('image', [])];
    const judged = (type: string, activation: 'none' | 'softmax' = 'softmax'): string[] => {
      const spec = { input, output: { name: 'logits', activation } };
      return signatureErrors(spec, image, [tensor('logits', [1], type)]).map(({ field }) => field);
    };
    expect(fields({}, image, [tensor('other', [1])])).toEqual(['output.name']);
    expect(judged('float16')).toEqual([]);
    expect(judged('int64')).toEqual(['output']);
    expect(judged('int64', 'none')).toEqual([]);
    expect(judged('string', 'none')).toEqual(['output']);
  });

  it('lets other outputs be numbers, booleans and strings', () => {
    const image = [tensor('image', [])];
    for (const [type, expected] of Object.entries({ float16: [], string: [], bool: [], other: ['output'] })) {
      expect(fields({}, image, [tensor('logits', [1]), tensor('more', [1], type)])).toEqual(expected);
    }
  });

  it('wants a free first axis of a model whose images may share a tensor', () => {
    const batched = (batch: number | string): string[] => {
      const inputs = [tensor('image', [batch, 1, 224, 320])];
      const spec = { input, output, batching: { max: 8 } };
      return signatureErrors(spec, inputs, [tensor('logits', [1, 2])]).map(({ field }) => field);
    };
    expect(batched('batch')).toEqual([]);
    expect(batched(1)).toEqual(['batching']);
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
