import type { VoiApplied } from '../../image';
import { invalidAttribute, unsupportedDicom } from '../dicom-errors';
import type { DataSet } from '../file/data-set';
import { readLookupTable } from './lookup-table';
import type { ModalityTransform } from './modality';

export interface VoiTransform {
  /** Of a value of the modality, 0 to 1. */
  readonly apply: (value: number) => number;
  readonly told: VoiApplied;
}

const FUNCTIONS = {
  LINEAR: { minWidth: 1, make: linear },
  LINEAR_EXACT: { minWidth: 0, make: linearExact },
  SIGMOID: { minWidth: 0, make: sigmoid },
} as const;

/**
 * How values of the modality are shown (PS3.3 C.11.2). Of several alternatives the first is taken, and a VOI LUT
 * before a window. Without either, everything that the modality transform can give is spread over 0..1. Names of
 * windows are free text and stay in the file.
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED
 */
export function readVoi(dataSet: DataSet, { low, high }: ModalityTransform): VoiTransform {
  const tables = dataSet.items('VOILUTSequence');
  if (tables[0] !== undefined) {
    const { lookUp, bits } = readLookupTable(tables[0], ['LUTDescriptor', 'LUTData'], low < 0);
    const max = 2 ** bits - 1;
    const told = { function: 'LUT', index: 1, of: tables.length } as const;
    return { apply: (value) => lookUp(value) / max, told };
  }
  const centers = dataSet.decimals('WindowCenter');
  const widths = dataSet.decimals('WindowWidth');
  if (centers.length !== widths.length)
    throw invalidAttribute('WindowWidth', 'not as many as window centers');
  const [center, width] = [centers[0], widths[0]];
  if (center === undefined || width === undefined) {
    return { apply: (value) => (value - low) / (high - low), told: { function: 'IDENTITY', low, high } };
  }
  const name = dataSet.code('VOILUTFunction') ?? 'LINEAR';
  if (!Object.hasOwn(FUNCTIONS, name)) throw unsupportedDicom('This VOI LUT Function');
  const known = name as keyof typeof FUNCTIONS;
  const { minWidth, make } = FUNCTIONS[known];
  if (width < minWidth || width === 0) {
    throw invalidAttribute(
      'WindowWidth',
      known === 'LINEAR' ? 'expected at least 1' : 'expected more than 0',
    );
  }
  return {
    apply: make(center, width),
    told: { function: known, center, width, index: 1, of: centers.length },
  };
}

/** PS3.3 C.11.2.1.2.1; a width of 1 is a threshold. */
function linear(center: number, width: number): (x: number) => number {
  const [c, w] = [center - 0.5, width - 1];
  return (x) => {
    if (x <= c - w / 2) return 0;
    return x > c + w / 2 ? 1 : (x - c) / w + 0.5;
  };
}

/** PS3.3 C.11.2.1.3.2. */
function linearExact(center: number, width: number): (x: number) => number {
  return (x) => {
    if (x <= center - width / 2) return 0;
    return x > center + width / 2 ? 1 : (x - center) / width + 0.5;
  };
}

/** PS3.3 C.11.2.1.3.1. */
function sigmoid(center: number, width: number): (x: number) => number {
  return (x) => 1 / (1 + Math.exp((-4 * (x - center)) / width));
}
