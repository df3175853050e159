import type { JpegFrame } from '../../../jpeg/jpeg-frame';
import { decodeJpegPlanes, type JpegPlanes } from '../../../jpeg/jpeg-planes';
import { type JpegApplicationData, readJpegSegments } from '../../../jpeg/jpeg-segments';
import { RowSource } from '../../../jpeg/upsample';
import { corruptDicom, unsupportedDicom } from '../../dicom-errors';
import { decodeLosslessScan } from './lossless-scan';

/** Bytes behind the end marker that make the length of a fragment even (PS3.5 A.4). */
const PADDING = 1;

export interface JpegImage {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits a sample. */
  readonly precision: number;
  /** What the file itself says its three components are. */
  readonly colour: 'ybr' | 'rgb' | undefined;
  /** Row-major, channels last, without any change of colour space. */
  readonly samples: Uint16Array;
}

/** What the header of the surrounding file lets expect, checked before anything is allocated. */
type ExpectFrame = (frame: Pick<JpegImage, 'width' | 'height' | 'components' | 'precision'>) => void;

/**
 * ITU-T T.81 with Huffman coding: baseline and extended sequential (8 and 12 bits), or lossless (2 to 16 bits).
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, and what `expect` throws
 */
export function decodeJpeg(bytes: Uint8Array, lossless: boolean, expect: ExpectFrame): JpegImage {
  return lossless ? decodeLossless(bytes, expect) : decodeSequential(bytes, expect);
}

function decodeSequential(bytes: Uint8Array, expect: ExpectFrame): JpegImage {
  const decoded = decodeJpegPlanes(
    bytes,
    (frame) => {
      assertProcess(frame, false);
      expect(headerOf(frame));
    },
    PADDING,
  );
  const { frame, applicationData } = decoded;
  return { ...headerOf(frame), colour: colourOf(applicationData), samples: interleave(decoded) };
}

function decodeLossless(bytes: Uint8Array, expect: ExpectFrame): JpegImage {
  let image: Omit<JpegImage, 'colour'> | undefined;
  const scanned = new Set<number>();
  const applicationData: JpegApplicationData[] = [];
  readJpegSegments(
    bytes,
    {
      onApplicationData: (segment) => applicationData.push(segment),
      onFrame: (frame) => {
        assertProcess(frame, true);
        const header = headerOf(frame);
        expect(header);
        if (header.precision < 2 || header.precision > 16) throw corruptDicom('a wrong JPEG precision');
        if (frame.components.some(({ h, v }) => h * v !== 1))
          throw unsupportedDicom('Subsampled lossless JPEG');
        image = { ...header, samples: new Uint16Array(header.width * header.height * header.components) };
      },
      onScan: (frame, scan) => {
        for (const { index } of scan.components) {
          if (scanned.has(index)) throw corruptDicom('two JPEG scans of one component');
          scanned.add(index);
        }
        decodeLosslessScan(frame, scan, image!.samples);
      },
    },
    PADDING,
  );
  if (image === undefined || scanned.size !== image.components)
    throw corruptDicom('a JPEG component is missing');
  return { ...image, colour: colourOf(applicationData) };
}

function assertProcess({ process }: JpegFrame, lossless: boolean): void {
  if (process === 'progressive') throw unsupportedDicom('Progressive JPEG in a DICOM file');
  if ((process === 'lossless') !== lossless)
    throw corruptDicom('another JPEG process than its transfer syntax');
}

function headerOf({ width, height, precision, components }: JpegFrame): Parameters<ExpectFrame>[0] {
  return { width, height, precision, components: components.length };
}

/** Adobe's marker goes before JFIF's. */
function colourOf(segments: readonly JpegApplicationData[]): JpegImage['colour'] {
  const marked = (wanted: number, text: string): Uint8Array | undefined =>
    segments.find(
      ({ number, data }) =>
        number === wanted && Buffer.from(data.subarray(0, text.length)).toString('latin1') === text,
    )?.data;
  const adobe = marked(14, 'Adobe');
  if (adobe) return adobe[11] === 0 ? 'rgb' : 'ybr';
  return marked(0, 'JFIF\0') ? 'ybr' : undefined;
}

function interleave({ frame, planes }: JpegPlanes): Uint16Array {
  const { width, height, components } = frame;
  const samples = new Uint16Array(width * height * components.length);
  for (const [c, component] of components.entries()) {
    const rows = new RowSource(frame, component, planes[c]!);
    for (let y = 0, to = c; y < height; y++) {
      const row = rows.at(y);
      for (let x = 0; x < width; x++, to += components.length) samples[to] = row[x]!;
    }
  }
  return samples;
}
