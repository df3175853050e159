import type { DicomProcessing } from '../../image';
import type { DataSet } from '../file/data-set';
import type { ImagePixel } from '../pixels/image-pixel';
import { storedValue } from './stored-value';

interface Padding {
  /** Stored values, as their bits stand, that are padding. */
  readonly indices: readonly number[];
  /** The darkest of the others that the image holds; of the padding, where there is nothing else. */
  readonly darkest: number;
  readonly told: DicomProcessing['padding'];
}

/**
 * Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2): stored values, both included, that stand for no measurement
 * and are background whatever the window.
 */
export function readPadding(dataSet: DataSet, pixel: ImagePixel, indices: Uint16Array): Padding | undefined {
  if (dataSet.bytes('PixelPaddingValue') === undefined) return undefined;
  const value = signedWord(dataSet.word('PixelPaddingValue'), pixel);
  const hasLimit = dataSet.bytes('PixelPaddingRangeLimit') !== undefined;
  const limit = hasLimit ? signedWord(dataSet.word('PixelPaddingRangeLimit'), pixel) : value;
  const [from, to] = [Math.min(value, limit), Math.max(value, limit)];

  const count = new Uint32Array(2 ** pixel.bitsStored);
  for (const index of indices) count[index]! += 1;
  const isPadding = (index: number): boolean => {
    const stored = storedValue(index, pixel);
    return stored >= from && stored <= to;
  };
  const present = [...count.keys()].filter((index) => count[index]! > 0);
  const padding = present.filter(isPadding);
  if (padding.length === 0) return undefined;
  const others = present.filter((index) => !isPadding(index));
  const dark = pixel.photometric === 'MONOCHROME1' ? -1 : 1;
  const darker = (a: number, b: number): number =>
    dark * (storedValue(a, pixel) - storedValue(b, pixel)) <= 0 ? a : b;
  return {
    indices: padding,
    darkest: others.length === 0 ? padding[0]! : others.reduce(darker),
    told: { from, to, pixels: padding.reduce((sum, index) => sum + count[index]!, 0) },
  };
}

const signedWord = (word: number, { signed }: ImagePixel): number =>
  signed && word >= 0x8000 ? word - 0x1_0000 : word;
