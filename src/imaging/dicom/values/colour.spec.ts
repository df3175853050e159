import { DataSet } from '../file/data-set';
import type { Keyword } from '../file/attributes';
import type { ImagePixel } from '../pixels/image-pixel';
import { renderColour } from './colour';

const PIXEL: ImagePixel = {
  width: 2,
  height: 1,
  samples: 3,
  photometric: 'RGB',
  planar: false,
  frames: 1,
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  signed: false,
};

function withPalette(
  descriptor: number[],
  data: Uint16Array,
  change: Partial<Record<Keyword, number[]>> = {},
): DataSet {
  const set = new DataSet(true);
  for (const colour of ['Red', 'Green', 'Blue'] as const) {
    const keyword = `${colour}PaletteColorLookupTableDescriptor` as const;
    set.set(keyword, { bytes: Buffer.from(Uint16Array.from(change[keyword] ?? descriptor).buffer) });
    set.set(`${colour}PaletteColorLookupTableData`, { bytes: Buffer.from(data.buffer) });
  }
  return set;
}

const PALETTE: ImagePixel = { ...PIXEL, samples: 1, photometric: 'PALETTE COLOR' };

describe('renderColour', () => {
  it('YBR_FULL to RGB (PS3.3 C.7.6.3.1.2)', () => {
    const pixel = { ...PIXEL, photometric: 'YBR_FULL' } as const;
    // red: 76 + 1.402 * 127 = 254.05, 76 + 0.344136 * 43 - 0.714136 * 127 = 0.10, 76 - 1.772 * 43 = -0.20
    const { image } = renderColour(
      Uint16Array.of(76, 85, 255, 128, 128, 128),
      pixel,
      new DataSet(true),
      'stored',
    );
    expect([...image.data]).toEqual([254, 0, 0, 128, 128, 128]);
  });

  it('RGB is left alone, and 255 is 1', () => {
    const { image, displayed } = renderColour(
      Uint16Array.of(255, 0, 51, 1, 2, 3),
      PIXEL,
      new DataSet(true),
      'unit',
    );
    expect([...image.data].slice(0, 3)).toEqual([1, 0, Math.fround(0.2)]);
    expect(image).toBe(displayed);
  });

  it('a palette of 16-bit entries; inputs outside take the first and the last (C.7.6.3.1.5)', () => {
    const set = withPalette([2, 10, 16], Uint16Array.of(7, 65535));
    const { image, displayed } = renderColour(Uint16Array.of(0, 200), PALETTE, set, 'stored');
    expect([...image.data]).toEqual([7, 7, 7, 65535, 65535, 65535]);
    expect(displayed.data[3]).toBe(1);
  });

  it('a palette of 8-bit entries, two a word, the first low', () => {
    const set = withPalette([3, 0, 8], Uint16Array.of(0x0201, 0x0003));
    const { image } = renderColour(Uint16Array.of(0, 1), PALETTE, set, 'stored');
    expect([...image.data]).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it.each([
    ['entries that are missing', withPalette([3, 0, 16], Uint16Array.of(1, 2)), 'IMAGE_ATTRIBUTE_INVALID'],
    [
      'entries with too many bits',
      withPalette([2, 0, 10], Uint16Array.of(1, 1024)),
      'IMAGE_ATTRIBUTE_INVALID',
    ],
    ['7-bit entries', withPalette([2, 0, 7], Uint16Array.of(1, 1)), 'IMAGE_ATTRIBUTE_INVALID'],
    [
      'tables of different depth',
      withPalette([2, 0, 8], Uint16Array.of(1, 1), { BluePaletteColorLookupTableDescriptor: [2, 0, 16] }),
      'IMAGE_ATTRIBUTE_INVALID',
    ],
    ['a palette without tables', new DataSet(true), 'IMAGE_ATTRIBUTE_INVALID'],
  ])('refuses %s', (_, set, code) => {
    expect(() => renderColour(Uint16Array.of(0, 1), PALETTE, set, 'unit')).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});
