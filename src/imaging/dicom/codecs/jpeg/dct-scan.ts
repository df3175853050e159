import { corruptDicom } from '../../dicom-errors';
import { BitReader } from './bit-reader';
import type { HuffmanTable } from './huffman-table';
import { inverseDct } from './inverse-dct';
import type { JpegFrame, JpegScan } from './jpeg-segments';

/** The samples of a component, at its own resolution, in whole blocks. */
export interface Plane {
  readonly stride: number;
  readonly data: Uint16Array;
}

/** T.81 figure A.6: position in the file → position in the block, row by row. */
// prettier-ignore
const ZIGZAG = [
   0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

const ZERO_RUN = 0xf0;

/** Largest category of a DC difference and of an AC coefficient (T.81 F.1.2.1.2 and F.1.2.2.1). */
const CATEGORIES: Readonly<Record<number, { dc: number; ac: number }>> = {
  8: { dc: 11, ac: 10 },
  12: { dc: 15, ac: 14 },
};

interface Channel {
  readonly index: number;
  readonly h: number;
  readonly v: number;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  readonly quantisation: Uint16Array;
  readonly plane: Plane;
  /** Of the image without the blocks that complete an MCU. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
}

/** Empty planes for all components of a frame. */
export function emptyPlanes({ width, height, components }: JpegFrame): Plane[] {
  const [hMax, vMax] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const [across, down] = [Math.ceil(width / (8 * hMax)), Math.ceil(height / (8 * vMax))];
  return components.map(({ h, v }) => {
    const stride = across * h * 8;
    return { stride, data: new Uint16Array(stride * down * v * 8) };
  });
}

/**
 * Sequential DCT process with Huffman coding (T.81 annex F), 8 or 12 bits.
 * @throws DomainError IMAGE_CORRUPT
 */
export function decodeDctScan(frame: JpegFrame, scan: JpegScan, planes: readonly Plane[]): void {
  const [ss, se, ah, al] = scan.parameters;
  if (ss !== 0 || se !== 63 || ah !== 0 || al !== 0) throw corruptDicom('a wrong JPEG scan header');
  const channels = scan.components.map((component) => channelOf(frame, component, planes));
  const [only] = channels;
  const alone = channels.length === 1 && only !== undefined;
  const [hMax, vMax] = [
    Math.max(...frame.components.map(({ h }) => h)),
    Math.max(...frame.components.map(({ v }) => v)),
  ];
  // T.81 A.2: the units of a scan of one component are its blocks, those of several are MCUs.
  const across = alone ? only.blocksWide : Math.ceil(frame.width / (8 * hMax));
  const down = alone ? only.blocksHigh : Math.ceil(frame.height / (8 * vMax));
  const unitsAnInterval = scan.restartInterval === 0 ? across * down : scan.restartInterval;
  if (scan.intervals.length !== Math.ceil((across * down) / unitsAnInterval)) {
    throw corruptDicom('a JPEG restart marker is missing');
  }
  const block = new BlockDecoder(frame.precision);
  for (const [i, interval] of scan.intervals.entries()) {
    const bits = new BitReader(interval);
    block.restart();
    const end = Math.min((i + 1) * unitsAnInterval, across * down);
    for (let unit = i * unitsAnInterval; unit < end; unit++) {
      const [x, y] = [unit % across, Math.floor(unit / across)];
      for (const channel of channels) {
        const [h, v] = alone ? [1, 1] : [channel.h, channel.v];
        for (let part = 0; part < h * v; part++) {
          block.decode(bits, channel, x * h + (part % h), y * v + Math.floor(part / h));
        }
      }
    }
    bits.end();
  }
}

function channelOf(
  { width, height, components }: JpegFrame,
  { index, dc, ac, quantisation }: JpegScan['components'][number],
  planes: readonly Plane[],
): Channel {
  if (dc === undefined || ac === undefined || quantisation === undefined)
    throw corruptDicom('a JPEG table is missing');
  const { h, v } = components[index]!;
  const [hMax, vMax] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const blocksWide = Math.ceil(Math.ceil((width * h) / hMax) / 8);
  const blocksHigh = Math.ceil(Math.ceil((height * v) / vMax) / 8);
  return { index, h, v, dc, ac, quantisation, plane: planes[index]!, blocksWide, blocksHigh };
}

class BlockDecoder {
  private readonly coefficients = new Int32Array(64);
  private readonly predictions = new Int32Array(4);
  private readonly categories: { dc: number; ac: number };

  constructor(private readonly precision: number) {
    this.categories = CATEGORIES[precision]!;
  }

  restart(): void {
    this.predictions.fill(0);
  }

  decode(bits: BitReader, channel: Channel, column: number, row: number): void {
    const { coefficients, predictions } = this;
    const { index, dc, ac, quantisation, plane } = channel;
    coefficients.fill(0);
    const category = dc.decode(bits);
    if (category > this.categories.dc) throw notValid();
    predictions[index]! += bits.receiveExtended(category);
    coefficients[0] = predictions[index]! * quantisation[0]!;
    for (let k = 1; k < 64; k++) {
      const symbol = ac.decode(bits);
      const size = symbol & 15;
      if (size === 0 && symbol !== ZERO_RUN) {
        if (symbol !== 0) throw notValid();
        break;
      }
      k += symbol >> 4;
      if (size > this.categories.ac || k > 63) throw notValid();
      if (size > 0) coefficients[ZIGZAG[k]!] = bits.receiveExtended(size) * quantisation[k]!;
    }
    inverseDct(coefficients, this.precision, plane.data, row * 8 * plane.stride + column * 8, plane.stride);
  }
}

const notValid = (): Error => corruptDicom('the compressed pixels are not valid');
