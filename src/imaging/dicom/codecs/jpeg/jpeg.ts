import { corruptDicom, unsupportedDicom } from '../../dicom-errors';
import { decodeDctScan, emptyPlanes } from './dct-scan';
import { type JpegFile, readJpegSegments } from './jpeg-segments';
import { decodeLosslessScan } from './lossless-scan';
import { interleave } from './upsample';

export interface JpegImage {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly precision: number;
  readonly colour: JpegFile['colour'];
  /** Row-major, channels last, without any change of colour space. */
  readonly samples: Uint16Array;
}

/** What the header of the surrounding file lets expect, checked before anything is allocated. */
type ExpectFrame = (frame: Omit<JpegImage, 'samples'>) => void;

/**
 * ITU-T T.81 with Huffman coding: baseline and extended sequential (8 and 12 bits), or lossless (2 to 16 bits).
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, and what `expect` throws
 */
export function decodeJpeg(bytes: Uint8Array, lossless: boolean, expect: ExpectFrame): JpegImage {
  const { frame, scans, colour } = readJpegSegments(bytes);
  if ((frame.process === 'lossless') !== lossless)
    throw corruptDicom('another JPEG process than its transfer syntax');
  const { width, height, precision } = frame;
  const image = { width, height, precision, components: frame.components.length, colour };
  expect(image);
  const scanned = new Set(scans.flatMap(({ components }) => components.map(({ index }) => index)));
  if (scanned.size !== image.components) throw corruptDicom('a JPEG component is missing');
  if (lossless) {
    if (precision < 2 || precision > 16) throw corruptDicom('a wrong JPEG precision');
    if (frame.components.some(({ h, v }) => h * v !== 1)) throw unsupportedDicom('Subsampled lossless JPEG');
    const samples = new Uint16Array(width * height * image.components);
    for (const scan of scans) decodeLosslessScan(frame, scan, samples);
    return { ...image, samples };
  }
  if (precision !== 8 && (precision !== 12 || frame.process === 'baseline'))
    throw corruptDicom('a wrong JPEG precision');
  const planes = emptyPlanes(frame);
  for (const scan of scans) decodeDctScan(frame, scan, planes);
  return { ...image, samples: interleave(frame, planes) };
}
