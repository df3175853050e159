import { DataSet } from '../file/data-set';
import type { Keyword } from '../file/attributes';
import type { ModalityTransform } from './modality';
import { readVoi, type VoiTransform } from './voi';

const MODALITY: ModalityTransform = { apply: (x) => x, low: 0, high: 4095, told: null };

function dataSet(texts: Partial<Record<Keyword, string>>): DataSet {
  const set = new DataSet(true);
  for (const [keyword, text] of Object.entries(texts))
    set.set(keyword as Keyword, { bytes: Buffer.from(text) });
  return set;
}

const window = (center: string, width: string, name?: string): VoiTransform =>
  readVoi(
    dataSet({
      WindowCenter: center,
      WindowWidth: width,
      ...(name !== undefined && { VOILUTFunction: name }),
    }),
    MODALITY,
  );

const invalid = (field: string): Error =>
  expect.objectContaining({
    code: 'IMAGE_ATTRIBUTE_INVALID',
    errors: [expect.objectContaining({ field: expect.stringContaining(field) as string })],
  }) as Error;

describe('window LINEAR (PS3.3 C.11.2.1.2.1)', () => {
  it.each([
    // The examples of the standard: center, width, highest value that is black, lowest that is white.
    ['2048', '4096', 0, 4095],
    ['2048', '1', 2047, 2048],
    ['0', '100', -50, 49],
    ['0', '1', -1, 0],
  ])('%s/%s is black up to %d and white from %d on', (center, width, black, white) => {
    const { apply } = window(center, width);
    expect([apply(black), apply(white)]).toEqual([0, 1]);
    expect(apply(black + 1) > 0 && apply(white - 1) < 1).toBe(true);
  });

  it('is not the formula of LINEAR_EXACT', () => {
    // ((40 - 39.5) / 79 + 0.5) * 255 = 129.11; LINEAR_EXACT has 127.5.
    expect(window('40', '80').apply(40) * 255).toBeCloseTo(129.1139, 4);
  });

  it('takes the first of several windows and says so', () => {
    const { apply, told } = window('40\\500 ', '80\\1500', 'LINEAR');
    expect(told).toEqual({ function: 'LINEAR', center: 40, width: 80, index: 1, of: 2 });
    expect(apply(79)).toBe(1);
  });
});

describe('window LINEAR_EXACT (PS3.3 C.11.2.1.3.2)', () => {
  it('reaches its ends half a width from the center', () => {
    const { apply } = window('2048', '4096', 'LINEAR_EXACT');
    expect([-1, 0, 1024, 2048, 4096, 5000].map(apply)).toEqual([0, 0, 0.25, 0.5, 1, 1]);
  });

  it('takes a width below 1', () => {
    const { apply } = window('0.5', '0.5', 'LINEAR_EXACT');
    expect([0.25, 0.5, 0.75].map(apply)).toEqual([0, 0.5, 1]);
  });
});

describe('window SIGMOID (PS3.3 C.11.2.1.3.1)', () => {
  it('is 1 / (1 + exp(-4 (x - c) / w))', () => {
    const { apply } = window('100', '40', 'SIGMOID');
    expect(apply(100)).toBe(0.5);
    expect(apply(110)).toBeCloseTo(1 / (1 + Math.exp(-1)), 15);
    expect(apply(90)).toBeCloseTo(1 - apply(110), 15);
  });
});

describe('VOI LUT (PS3.3 C.11.2.1.1)', () => {
  const withTable = (first: number): DataSet => {
    const set = dataSet({ WindowCenter: '0', WindowWidth: '1' });
    const item = new DataSet(true);
    item.set('LUTDescriptor', { bytes: Buffer.from(Uint16Array.of(3, first, 10).buffer) });
    item.set('LUTData', { bytes: Buffer.from(Uint16Array.of(0, 341, 1023).buffer) });
    set.set('VOILUTSequence', { items: [item, item] });
    return set;
  };

  it('is taken before a window, and its ends go on', () => {
    const { apply, told } = readVoi(withTable(100), MODALITY);
    expect(told).toEqual({ function: 'LUT', index: 1, of: 2 });
    expect([0, 100, 101, 102, 4095].map(apply)).toEqual([0, 0, 341 / 1023, 1, 1]);
  });

  it('starts at a signed value where the modality has such', () => {
    const { apply } = readVoi(withTable(0xffff), { ...MODALITY, low: -10 });
    expect([-2, -1, 0, 1].map(apply)).toEqual([0, 0, 341 / 1023, 1]);
  });
});

describe('no VOI', () => {
  it('spreads all that the modality can hold over 0..1 and says so', () => {
    const { apply, told } = readVoi(dataSet({}), { ...MODALITY, low: -1024, high: 3071 });
    expect([-1024, 3071].map(apply)).toEqual([0, 1]);
    expect(told).toEqual({ function: 'IDENTITY', low: -1024, high: 3071 });
  });
});

describe('readVoi refuses', () => {
  it.each([
    ['a width of 0', '40', '0', 'LINEAR', 'WindowWidth'],
    ['a LINEAR width below 1', '40', '0.5', 'LINEAR', 'WindowWidth'],
    ['a negative width', '40', '-80', 'SIGMOID', 'WindowWidth'],
    ['more centers than widths', '40\\50', '80', 'LINEAR', 'WindowWidth'],
    ['a center without width', '40', '', 'LINEAR', 'WindowWidth'],
    ['what is no number', '4O', '80', 'LINEAR', 'WindowCenter'],
    ['a number too large for double precision', '1e999', '80', 'LINEAR', 'WindowCenter'],
  ])('%s', (_, center, width, name, field) => {
    expect(() => window(center, width, name)).toThrow(invalid(field));
  });

  it('a function that is not known', () => {
    expect(() => window('40', '80', 'CUBIC')).toThrow(
      expect.objectContaining({ code: 'IMAGE_FORMAT_UNSUPPORTED' }) as Error,
    );
  });
});
