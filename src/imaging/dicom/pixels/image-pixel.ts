import { assertSize } from '../../bounds';
import { invalidAttribute, unsupportedDicom } from '../dicom-errors';
import type { DataSet } from '../file/data-set';
import type { Compression, TransferSyntax } from '../file/transfer-syntaxes';

/** Photometric Interpretation (PS3.3 C.7.6.3.1.2) → Samples per Pixel and the compressions it may stand with. */
const PHOTOMETRIC = {
  MONOCHROME1: { samples: 1 },
  MONOCHROME2: { samples: 1 },
  'PALETTE COLOR': { samples: 1, only: ['none', 'rle', 'jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'htj2k'] },
  RGB: { samples: 3 },
  YBR_FULL: { samples: 3 },
  YBR_FULL_422: { samples: 3, only: ['none', 'jpeg'] },
  YBR_RCT: { samples: 3, only: ['jpeg-2000', 'htj2k'] },
  YBR_ICT: { samples: 3, only: ['jpeg-2000', 'htj2k'] },
} as const satisfies Record<string, { samples: 1 | 3; only?: readonly Compression[] }>;

type Photometric = keyof typeof PHOTOMETRIC;

/** The Image Pixel module (PS3.3 C.7.6.3), checked for contradictions. */
export interface ImagePixel {
  readonly width: number;
  readonly height: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  /** Planar Configuration 1: all reds, then all greens, then all blues. */
  readonly planar: boolean;
  readonly frames: number;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
}

/**
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS,
 * IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS
 */
export function readImagePixel(dataSet: DataSet, { compression, uid }: TransferSyntax): ImagePixel {
  assertIntegers(dataSet);
  const [width, height] = [dataSet.word('Columns'), dataSet.word('Rows')];
  assertSize(width, height);
  const { photometric, samples } = readPhotometric(dataSet, compression, uid);
  const bits = readBits(dataSet, compression);
  if (bits.signed && !photometric.startsWith('MONOCHROME')) {
    throw invalidAttribute('PixelRepresentation', 'colour cannot be signed');
  }
  if (photometric.startsWith('YBR_FULL') && (bits.bitsAllocated !== 8 || bits.bitsStored !== 8)) {
    throw unsupportedDicom(`${photometric} with more or less than 8 bits`);
  }
  const frames = dataSet.integer('NumberOfFrames') ?? 1;
  if (frames < 1) throw invalidAttribute('NumberOfFrames', 'expected at least 1');
  const planar = samples === 3 && readFlag(dataSet, 'PlanarConfiguration');
  if (planar && photometric === 'YBR_FULL_422' && compression === 'none') {
    throw invalidAttribute('PlanarConfiguration', 'YBR_FULL_422 is interleaved');
  }
  return { width, height, samples, photometric, planar, frames, ...bits };
}

function assertIntegers(dataSet: DataSet): void {
  if (dataSet.value('PixelData') !== undefined) return;
  const floats = dataSet.value('FloatPixelData') ?? dataSet.value('DoubleFloatPixelData');
  throw floats ? unsupportedDicom('Floating-point pixel data') : invalidAttribute('PixelData', 'missing');
}

function readPhotometric(
  dataSet: DataSet,
  compression: Compression,
  uid: string,
): { photometric: Photometric; samples: 1 | 3 } {
  const code = dataSet.code('PhotometricInterpretation');
  if (code === undefined) throw invalidAttribute('PhotometricInterpretation', 'missing');
  if (!Object.hasOwn(PHOTOMETRIC, code)) throw unsupportedDicom('This Photometric Interpretation');
  const photometric = code as Photometric;
  const { samples, only }: { samples: 1 | 3; only?: readonly Compression[] } = PHOTOMETRIC[photometric];
  if (dataSet.word('SamplesPerPixel') !== samples) {
    throw invalidAttribute('SamplesPerPixel', `${photometric} has ${samples}`);
  }
  if (only !== undefined && !only.includes(compression)) {
    throw invalidAttribute(
      'PhotometricInterpretation',
      `${photometric} does not exist in transfer syntax ${uid}`,
    );
  }
  return { photometric, samples };
}

function readBits(
  dataSet: DataSet,
  compression: Compression,
): Pick<ImagePixel, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed'> {
  const bitsAllocated = dataSet.word('BitsAllocated');
  if (bitsAllocated !== 8 && bitsAllocated !== 16) {
    throw unsupportedDicom(`Bits Allocated of ${bitsAllocated}`);
  }
  const bitsStored = dataSet.word('BitsStored');
  if (bitsStored < 1 || bitsStored > bitsAllocated) {
    throw invalidAttribute('BitsStored', `expected 1 to ${bitsAllocated}`);
  }
  const highBit = dataSet.word('HighBit');
  const movable = compression === 'none' || compression === 'rle';
  if (highBit !== bitsStored - 1 && (!movable || highBit < bitsStored || highBit >= bitsAllocated)) {
    throw invalidAttribute('HighBit', 'does not fit Bits Stored and Bits Allocated');
  }
  return { bitsAllocated, bitsStored, highBit, signed: readFlag(dataSet, 'PixelRepresentation') };
}

function readFlag(dataSet: DataSet, keyword: 'PlanarConfiguration' | 'PixelRepresentation'): boolean {
  const flag = dataSet.word(keyword);
  if (flag > 1) throw invalidAttribute(keyword, 'expected 0 or 1');
  return flag === 1;
}
