import type { DicomProcessing } from '../../image';
import { invalidAttribute } from '../dicom-errors';
import type { DataSet } from '../file/data-set';
import type { ImagePixel } from '../pixels/image-pixel';
import { readLookupTable } from './lookup-table';

export interface ModalityTransform {
  readonly apply: (stored: number) => number;
  /** Bounds of its results over all that Bits Stored can hold. */
  readonly low: number;
  readonly high: number;
  readonly told: DicomProcessing['modality_transform'];
}

/**
 * Stored values → values of the modality, such as Hounsfield units (PS3.3 C.11.1): by a table, by slope and intercept,
 * or unchanged.
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID
 */
export function readModality(dataSet: DataSet, { bitsStored, signed }: ImagePixel): ModalityTransform {
  const [table] = dataSet.items('ModalityLUTSequence');
  const [slope, ...moreSlopes] = dataSet.decimals('RescaleSlope');
  const [intercept, ...moreIntercepts] = dataSet.decimals('RescaleIntercept');
  if (table !== undefined) {
    if (slope !== undefined || intercept !== undefined) {
      throw invalidAttribute('ModalityLUTSequence', 'stands beside a rescale slope or intercept');
    }
    const { lookUp, bits } = readLookupTable(table, ['LUTDescriptor', 'LUTData'], signed);
    return { apply: lookUp, low: 0, high: 2 ** bits - 1, told: 'lut' };
  }
  const [least, most] = signed
    ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1]
    : [0, 2 ** bitsStored - 1];
  if (slope === undefined && intercept === undefined) {
    return { apply: (stored) => stored, low: least, high: most, told: null };
  }
  if (slope === undefined || slope === 0 || moreSlopes.length > 0) {
    throw invalidAttribute('RescaleSlope', 'expected one number, not 0');
  }
  if (intercept === undefined || moreIntercepts.length > 0) {
    throw invalidAttribute('RescaleIntercept', 'expected one number');
  }
  const apply = (stored: number): number => stored * slope + intercept;
  const [a, b] = [apply(least), apply(most)];
  const span = Math.fround(b) - Math.fround(a);
  if (span === 0 || !Number.isFinite(span)) {
    throw invalidAttribute('RescaleSlope', 'gives values that float32 cannot hold or tell apart');
  }
  return { apply, low: Math.min(a, b), high: Math.max(a, b), told: { slope, intercept } };
}
