import { invalidAttribute } from '../dicom-errors';
import type { Keyword } from '../file/attributes';
import type { DataSet } from '../file/data-set';

/** A table of the Modality LUT, VOI LUT or Palette Color LUT (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5). */
export interface LookupTable {
  /** The entry of an input; below the first and above the last input, that of the first and the last. */
  readonly lookUp: (input: number) => number;
  /** An entry is 0 to 2^bits - 1. */
  readonly bits: number;
}

/**
 * @param signed whether the first input is
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID
 */
export function readLookupTable(
  dataSet: DataSet,
  [descriptorKeyword, dataKeyword]: readonly [Keyword, Keyword],
  signed: boolean,
): LookupTable {
  const descriptor = dataSet.words(descriptorKeyword);
  const [count, start, bits] = descriptor;
  if (count === undefined || start === undefined || bits === undefined || descriptor.length > 3) {
    throw invalidAttribute(descriptorKeyword, 'expected three numbers');
  }
  if (bits < 8 || bits > 16) throw invalidAttribute(descriptorKeyword, 'expected entries of 8 to 16 bits');
  const entries = readEntries(dataSet.words(dataKeyword), count === 0 ? 0x1_0000 : count, bits, dataKeyword);
  const first = signed && start >= 0x8000 ? start - 0x1_0000 : start;
  const last = entries.length - 1;
  const lookUp = (input: number): number => entries[Math.min(Math.max(Math.round(input) - first, 0), last)]!;
  return { lookUp, bits };
}

/** One entry a word, or two 8-bit entries, the first in the low byte. */
function readEntries(words: Uint16Array, count: number, bits: number, keyword: Keyword): Uint16Array {
  if (words.length === count) {
    if (words.some((entry) => entry >> bits > 0))
      throw invalidAttribute(keyword, 'an entry has too many bits');
    return words;
  }
  if (bits !== 8 || words.length !== Math.ceil(count / 2)) {
    throw invalidAttribute(keyword, 'another number of entries than its descriptor says');
  }
  return Uint16Array.from({ length: count }, (_, i) => (words[i >> 1]! >> (8 * (i & 1))) & 0xff);
}
