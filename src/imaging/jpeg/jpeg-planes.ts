import {
  type Coefficients,
  emptyCoefficients,
  emptyPlanes,
  fillPlane,
  inverseDct,
  MAX_CATEGORY,
  type Plane,
} from './dct-blocks';
import { corruptJpeg, unsupportedJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import { type JpegApplicationData, type JpegScan, type JpegVisitor, readJpegSegments } from './jpeg-segments';
import { ProgressiveScan } from './progressive-scan';
import { decodeBlocks } from './scan-blocks';
import { ScanProgress } from './scan-progress';
import { SequentialScan } from './sequential-scan';

export interface JpegPlanes {
  readonly frame: JpegFrame;
  /** Of each component, in its own resolution and colour space. */
  readonly planes: readonly Plane[];
  readonly applicationData: readonly JpegApplicationData[];
}

/**
 * ITU-T T.81 with Huffman coding: baseline, extended sequential (8 and 12 bits) and progressive. To the bit what
 * libjpeg-turbo gives with its accurate integer DCT, but for damaged files: those are refused.
 * @param expect sees the frame header before anything is allocated that grows with the image
 * @param padding bytes that may stand behind the end marker
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, and what `expect` throws
 */
export function decodeJpegPlanes(
  bytes: Uint8Array,
  expect: (frame: JpegFrame) => void,
  padding = 0,
): JpegPlanes {
  const decoder = new PlaneDecoder(expect);
  readJpegSegments(bytes, decoder, padding);
  return decoder.finish();
}

class PlaneDecoder implements JpegVisitor {
  private readonly applicationData: JpegApplicationData[] = [];
  private readonly divisors: (Uint16Array | undefined)[] = [];
  private decoding?: {
    readonly frame: JpegFrame;
    readonly planes: readonly Plane[];
    /** Of a progressive frame, whose blocks come in many parts. */
    readonly coefficients: readonly Coefficients[] | undefined;
    readonly progress: ScanProgress;
  };

  constructor(private readonly expect: (frame: JpegFrame) => void) {}

  onApplicationData(segment: JpegApplicationData): void {
    this.applicationData.push(segment);
  }

  onFrame(frame: JpegFrame): void {
    this.expect(frame);
    if (frame.process === 'lossless') throw unsupportedJpeg('Lossless JPEG');
    if (!(frame.precision in MAX_CATEGORY) || (frame.process === 'baseline' && frame.precision !== 8)) {
      throw corruptJpeg('a wrong precision');
    }
    this.decoding = {
      frame,
      planes: emptyPlanes(frame),
      coefficients: frame.process === 'progressive' ? emptyCoefficients(frame) : undefined,
      progress: new ScanProgress(frame),
    };
  }

  onScan(frame: JpegFrame, scan: JpegScan): void {
    const { planes, coefficients, progress } = this.decoding!;
    const decoder = coefficients
      ? new ProgressiveScan(frame, scan, coefficients)
      : new SequentialScan(frame, scan, planes);
    progress.advance(scan);
    decodeBlocks(frame, scan, decoder);
    for (const { index, divisors } of scan.components) this.divisors[index] ??= divisors;
  }

  finish(): JpegPlanes {
    if (this.decoding === undefined) throw corruptJpeg('there is no frame');
    const { frame, planes, coefficients, progress } = this.decoding;
    progress.assertComplete();
    for (const [index, ofComponent] of coefficients?.entries() ?? []) {
      fillPlane(planes[index]!, ofComponent, inverseDct(this.divisors[index]!, frame.precision));
    }
    return { frame, planes, applicationData: this.applicationData };
  }
}
