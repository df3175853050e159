import { displayedValues, matchChannels } from './channels';
import type { Image } from './image';
import type { InputSpec } from './input-spec';
import { toTensor } from './tensor';

const UNIT: InputSpec = {
  name: 'image',
  layout: 'NCHW',
  value_space: 'unit',
  resize: null,
  channels: 3,
  mean: [0],
  std: [1],
  range: [0, 1],
};
/** Two pixels side by side. */
const COLOUR: Image = {
  width: 2,
  height: 1,
  channels: 3,
  data: Float32Array.of(0, 0.25, 0.5, 1, 0.75, 0.125),
};
const GREY: Image = { width: 2, height: 1, channels: 1, data: Float32Array.of(0.25, 1) };

describe('toTensor', () => {
  it('lays channels out as planes for NCHW', () => {
    const { tensor, dims } = toTensor(COLOUR, UNIT);
    expect(dims).toEqual([1, 3, 1, 2]);
    expect([...tensor]).toEqual([0, 1, 0.25, 0.75, 0.5, 0.125]);
  });

  it('keeps channels last for NHWC', () => {
    const { tensor, dims } = toTensor(COLOUR, { ...UNIT, layout: 'NHWC' });
    expect(dims).toEqual([1, 1, 2, 3]);
    expect(tensor).toEqual(COLOUR.data);
  });

  it('keeps the scale of stored and modality values and clips them to the range', () => {
    const hounsfield: Image = { ...GREY, data: Float32Array.of(-2000, 200) };
    const spec = { ...UNIT, channels: 1, value_space: 'modality', range: [-1000, 400], std: [1400] } as const;
    // -1000 and 200, from -1000 on in parts of 1400.
    expect([...toTensor(hounsfield, { ...spec, mean: [-1000] }).tensor]).toEqual([0, Math.fround(6 / 7)]);
  });

  it('maps to the range, then subtracts the mean and divides by the deviation of each channel', () => {
    const spec = { ...UNIT, range: [-1, 1] as const, mean: [0, 0.5, 1], std: [1, 0.5, 2] };
    // Unit values as -1..1: red -1 and 1, green -0.5 and 0.5, blue 0 and -0.75.
    expect([...toTensor(COLOUR, spec).tensor]).toEqual([-1, 1, -2, 0, -0.5, -0.875]);
  });

  it('takes one mean and deviation for all channels, and none for 0 and 1', () => {
    const one = toTensor(COLOUR, { ...UNIT, mean: [0.5], std: [0.5] }).tensor;
    expect([...one]).toEqual([-1, 1, -0.5, 0.5, 0, -0.75]);
    expect(toTensor(COLOUR, { ...UNIT, mean: [], std: [] }).tensor).toEqual(toTensor(COLOUR, UNIT).tensor);
  });
});

describe('matchChannels', () => {
  it('replicates grey into three channels', () => {
    expect([...matchChannels(GREY, 3).data]).toEqual([0.25, 0.25, 0.25, 1, 1, 1]);
  });

  it('takes a colour image of greys for grey', () => {
    const greys = { ...COLOUR, data: Float32Array.of(0.25, 0.25, 0.25, 1, 1, 1) };
    expect(matchChannels(greys, 1)).toEqual(GREY);
  });

  it('refuses what would need a decision', () => {
    const two = { ...GREY, channels: 2, width: 1 };
    for (const [image, wanted] of [
      [COLOUR, 1],
      [two, 1],
      [GREY, 2],
      [GREY, 4],
    ] as const) {
      expect(() => matchChannels(image, wanted)).toThrow(
        expect.objectContaining({ code: 'IMAGE_CHANNELS_UNSUPPORTED' }) as Error,
      );
    }
  });
});

describe('displayedValues', () => {
  it('weighs red, green and blue by luma', () => {
    const values = displayedValues({
      width: 3,
      height: 1,
      channels: 3,
      data: Float32Array.of(1, 0, 0, 0, 1, 0, 1, 1, 1),
    });
    expect(Array.from(values, (value) => Number(value.toFixed(3)))).toEqual([0.299, 0.587, 1]);
    expect([...displayedValues(GREY)]).toEqual([0.25, 1]);
  });
});
