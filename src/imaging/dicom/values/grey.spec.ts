import { DataSet } from '../file/data-set';
import type { Keyword } from '../file/attributes';
import type { ImagePixel } from '../pixels/image-pixel';
import { type Rendered, renderGrey } from './grey';

const PIXEL: ImagePixel = {
  width: 4,
  height: 1,
  samples: 1,
  photometric: 'MONOCHROME2',
  planar: false,
  frames: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  signed: false,
};

type Values = Partial<Record<Keyword, string | number[]>>;

function dataSet(values: Values): DataSet {
  const set = new DataSet(true);
  for (const [keyword, value] of Object.entries(values)) {
    const bytes =
      typeof value === 'string' ? Buffer.from(value) : Buffer.from(Uint16Array.from(value).buffer);
    set.set(keyword as Keyword, { bytes });
  }
  return set;
}

const render = (
  cells: number[],
  pixel: Partial<ImagePixel> = {},
  values: Values = {},
  space: 'stored' | 'modality' | 'voi' = 'stored',
): Rendered => renderGrey(Uint16Array.from(cells), { ...PIXEL, ...pixel }, dataSet(values), 1, space);

const data = (...args: Parameters<typeof render>): number[] => [...render(...args).image.data];

describe('stored values (PS3.5 8.1.1)', () => {
  it('are the bits up to High Bit; overlay bits above them are masked', () => {
    expect(data([0x0000, 0x0fff, 0xf123, 0x8000])).toEqual([0, 4095, 0x123, 0]);
  });

  it('are shifted down where High Bit is not Bits Stored - 1', () => {
    expect(data([0x0010, 0xfff0, 0x123f, 0x000f], { highBit: 15 })).toEqual([1, 4095, 0x123, 0]);
  });

  it('are of two complements where Pixel Representation is 1, whatever stands above the sign', () => {
    expect(data([0x07ff, 0x0800, 0xf800, 0x0fff], { signed: true })).toEqual([2047, -2048, -2048, -1]);
    expect(data([0, 0x7fff, 0x8000, 0xffff], { signed: true, bitsStored: 16, highBit: 15 })).toEqual([
      0, 32767, -32768, -1,
    ]);
  });
});

describe('modality (PS3.3 C.11.1)', () => {
  const RESCALE: Values = { RescaleSlope: '0.5', RescaleIntercept: '-1024' };

  it('is slope times stored value plus intercept', () => {
    expect(data([0, 1, 2048, 4095], {}, RESCALE, 'modality')).toEqual([-1024, -1023.5, 0, 1023.5]);
    expect(render([0, 1, 2, 3], {}, RESCALE).modality_transform).toEqual({ slope: 0.5, intercept: -1024 });
  });

  it('is the stored value where the file says nothing', () => {
    expect(data([0, 1, 2048, 4095], {}, {}, 'modality')).toEqual([0, 1, 2048, 4095]);
  });

  it('is a table where there is one, signed like the pixels', () => {
    const item = dataSet({ LUTDescriptor: [3, 0xffff, 16], LUTData: [10, 500, 65535] });
    const set = new DataSet(true);
    set.set('ModalityLUTSequence', { items: [item] });
    const pixel = { ...PIXEL, signed: true };
    const { image, modality_transform } = renderGrey(
      Uint16Array.of(0x0800, 0x0fff, 0, 1),
      pixel,
      set,
      1,
      'modality',
    );
    expect([...image.data]).toEqual([10, 10, 500, 65535]);
    expect(modality_transform).toBe('lut');
  });

  it.each<[string, Values]>([
    ['a slope of 0', { RescaleSlope: '0', RescaleIntercept: '0' }],
    ['a slope without intercept', { RescaleSlope: '1' }],
    ['an intercept without slope', { RescaleIntercept: '1' }],
    ['two slopes', { RescaleSlope: '1\\2', RescaleIntercept: '0' }],
  ])('refuses %s', (_, values) => {
    expect(() => render([0, 0, 0, 0], {}, values)).toThrow(
      expect.objectContaining({ code: 'IMAGE_ATTRIBUTE_INVALID' }) as Error,
    );
  });
});

describe('values of interest and polarity (PS3.3 C.11.2, C.7.6.3.1.2)', () => {
  const WINDOW: Values = { WindowCenter: '2048', WindowWidth: '4096' };

  it('the window is applied to modality values', () => {
    const values = { ...WINDOW, RescaleSlope: '2', RescaleIntercept: '-1000' };
    // 500 * 2 - 1000 = 0 and 2000 * 2 - 1000 = 3000.
    expect(data([0, 500, 2000, 4095], {}, values, 'voi')).toEqual([0, 0, Math.fround(3000 / 4095), 1]);
  });

  it('MONOCHROME1 is turned round once, also when Presentation LUT Shape says INVERSE', () => {
    const inverse = { ...WINDOW, PresentationLUTShape: 'INVERSE ' };
    const { displayed, polarity, warnings } = render(
      [0, 1, 4094, 4095],
      { photometric: 'MONOCHROME1' },
      inverse,
    );
    expect([...displayed.data].map((unit) => Math.round(unit * 4095))).toEqual([4095, 4094, 1, 0]);
    expect([polarity, warnings]).toEqual(['inverted', []]);
  });

  it('MONOCHROME1 keeps its polarity in stored and modality values', () => {
    expect(data([0, 1, 4094, 4095], { photometric: 'MONOCHROME1' }, WINDOW)).toEqual([0, 1, 4094, 4095]);
  });

  it('a Presentation LUT Shape that contradicts it is reported, not followed', () => {
    const { displayed, warnings } = render(
      [0, 1, 4094, 4095],
      {},
      { ...WINDOW, PresentationLUTShape: 'INVERSE ' },
    );
    expect(displayed.data[3]).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('contradicts')]);
  });
});

describe('padding (PS3.3 C.7.5.1.1.2)', () => {
  const WINDOW: Values = { WindowCenter: '2048', WindowWidth: '4096' };

  it('is background in what is shown and the lowest other value in the rest', () => {
    const values = { ...WINDOW, PixelPaddingValue: [4095] };
    expect(data([4095, 100, 300, 4095], {}, values)).toEqual([100, 100, 300, 100]);
    expect(data([4095, 100, 300, 4095], {}, values, 'voi')[0]).toBe(0);
    expect(render([4095, 100, 300, 4095], {}, values).padding).toEqual({ from: 4095, to: 4095, pixels: 2 });
  });

  it('is a range with a limit, compared as stored values with their sign', () => {
    const pixel = { signed: true, bitsStored: 16, highBit: 15 };
    const values = { PixelPaddingValue: [-2000 & 0xffff], PixelPaddingRangeLimit: [-1900 & 0xffff] };
    expect(data([-2000 & 0xffff, -1900 & 0xffff, -1899 & 0xffff, 5], pixel, values)).toEqual([
      -1899, -1899, -1899, 5,
    ]);
  });

  it('is dark in MONOCHROME1 too, where dark is the highest value', () => {
    const pixel = { photometric: 'MONOCHROME1' } as const;
    const values = { ...WINDOW, PixelPaddingValue: [0] };
    expect(data([0, 100, 300, 0], pixel, values)).toEqual([300, 100, 300, 300]);
    expect(data([0, 100, 300, 0], pixel, values, 'voi')[0]).toBe(0);
  });

  it('of which there is none is not told', () => {
    expect(render([1, 2, 3, 4], {}, { PixelPaddingValue: [0] }).padding).toBeNull();
  });

  it('that is all there is stays as it is', () => {
    expect(data([7, 7, 7, 7], {}, { PixelPaddingValue: [7] })).toEqual([7, 7, 7, 7]);
  });
});
