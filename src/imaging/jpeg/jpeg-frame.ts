import { corruptJpeg, unsupportedJpeg } from './jpeg-errors';

type JpegProcess = 'baseline' | 'extended' | 'progressive' | 'lossless';

/** T.81 table B.1: the start-of-frame markers of processes with Huffman coding and one frame. */
const PROCESSES: Readonly<Record<number, JpegProcess>> = {
  0xc0: 'baseline',
  0xc1: 'extended',
  0xc2: 'progressive',
  0xc3: 'lossless',
};

export interface JpegComponent {
  readonly id: number;
  /** Horizontal and vertical sampling factor. */
  readonly h: number;
  readonly v: number;
  readonly quantisation: number;
  /** Blocks of 8 x 8 samples that hold image. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** In samples, without what completes the last blocks. */
  readonly width: number;
  readonly height: number;
}

export interface JpegFrame {
  readonly process: JpegProcess;
  /** Bits a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
  /** Largest sampling factors. */
  readonly hMax: number;
  readonly vMax: number;
  /** Minimum coded units of a scan of several components. */
  readonly mcusWide: number;
  readonly mcusHigh: number;
}

/**
 * T.81 B.2.2. Nothing is allocated yet that grows with the size of the image.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED
 */
export function readFrameHeader(marker: number, data: Uint8Array): JpegFrame {
  const process = PROCESSES[marker];
  if (process === undefined) throw unsupportedJpeg('Arithmetic-coded or hierarchical JPEG');
  const count = data[5] ?? 0;
  if (count < 1 || count > 4 || data.length !== 6 + 3 * count) throw corruptJpeg('a wrong frame header');
  const height = data[1]! * 256 + data[2]!;
  const width = data[3]! * 256 + data[4]!;
  const factors = Array.from({ length: count }, (_, i) => {
    const [id, sampling, quantisation] = [data[6 + 3 * i]!, data[7 + 3 * i]!, data[8 + 3 * i]!];
    return { id, h: sampling >> 4, v: sampling & 15, quantisation };
  });
  if (!factors.every(({ h, v }) => h >= 1 && h <= 4 && v >= 1 && v <= 4))
    throw corruptJpeg('a wrong frame header');
  const hMax = Math.max(...factors.map(({ h }) => h));
  const vMax = Math.max(...factors.map(({ v }) => v));
  const components = factors.map((component) => {
    const size = {
      width: Math.ceil((width * component.h) / hMax),
      height: Math.ceil((height * component.v) / vMax),
    };
    return {
      ...component,
      ...size,
      blocksWide: Math.ceil(size.width / 8),
      blocksHigh: Math.ceil(size.height / 8),
    };
  });
  const mcusWide = Math.ceil(width / (8 * hMax));
  const mcusHigh = Math.ceil(height / (8 * vMax));
  return { process, precision: data[0]!, width, height, components, hMax, vMax, mcusWide, mcusHigh };
}
