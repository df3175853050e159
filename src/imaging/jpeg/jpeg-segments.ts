import type { HuffmanTable } from './huffman-table';
import { corruptJpeg } from './jpeg-errors';
import { type JpegComponent, type JpegFrame, readFrameHeader } from './jpeg-frame';
import { JpegTables } from './jpeg-tables';

/** ITU-T T.81, table B.1. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const DHT = 0xc4;
const RST0 = 0xd0;
const APP0 = 0xe0;
const APP15 = 0xef;
const COM = 0xfe;

const MAX_SEGMENTS = 2000;

export interface ScanComponent extends JpegComponent {
  /** Position in the frame. */
  readonly index: number;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  readonly divisors: Uint16Array | undefined;
}

export interface JpegScan {
  readonly components: readonly ScanComponent[];
  /** Ss, Se, Ah and Al of T.81 B.2.3; in a lossless scan Ss is the predictor and Al the point transform. */
  readonly ss: number;
  readonly se: number;
  readonly ah: number;
  readonly al: number;
  /** Units between restart markers; 0 where there are none. */
  readonly restartInterval: number;
  /** Entropy-coded data between restart markers, byte stuffing removed. */
  readonly intervals: readonly Uint8Array[];
}

export interface JpegApplicationData {
  /** 0 to 15, of APP0 to APP15. */
  readonly number: number;
  readonly data: Uint8Array;
}

/** What a JPEG file is made of; `onFrame` and `onScan` come in the order of the file. */
export interface JpegVisitor {
  readonly onFrame: (frame: JpegFrame) => void;
  readonly onScan: (frame: JpegFrame, scan: JpegScan) => void;
  readonly onApplicationData: (segment: JpegApplicationData) => void;
}

/**
 * Takes a JPEG file apart, strictly: every segment whole, every marker where it may be, an end marker, and nothing
 * behind it but `padding` bytes at most.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, and what the visitor throws
 */
export function readJpegSegments(bytes: Uint8Array, visitor: JpegVisitor, padding = 0): void {
  const source = new SegmentSource(bytes);
  const tables = new JpegTables();
  let frame: JpegFrame | undefined;
  let restartInterval = 0;
  if (source.marker() !== SOI) throw corruptJpeg('it does not begin with its marker');
  for (let segments = 0; ; segments++) {
    if (segments > MAX_SEGMENTS) throw corruptJpeg('too many segments');
    const marker = source.marker();
    if (marker === EOI) break;
    const data = source.segment();
    if (marker === DHT) {
      tables.readHuffman(data);
    } else if (marker === DQT) {
      tables.readQuantisation(data);
    } else if (marker === DRI) {
      if (data.length !== 2) throw corruptJpeg('a wrong restart interval');
      restartInterval = data[0]! * 256 + data[1]!;
    } else if (marker === SOS) {
      if (frame === undefined) throw corruptJpeg('a scan without a frame');
      const header = readScanHeader(data, frame, tables);
      visitor.onScan(frame, { ...header, restartInterval, intervals: source.entropyCoded() });
    } else if (marker >= APP0 && marker <= APP15) {
      visitor.onApplicationData({ number: marker - APP0, data });
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (frame !== undefined) throw corruptJpeg('a second frame');
      frame = readFrameHeader(marker, data);
      visitor.onFrame(frame);
    } else if (marker !== COM) {
      throw corruptJpeg('an unknown marker');
    }
  }
  if (source.rest > padding) throw corruptJpeg('bytes after the end');
}

/** T.81 B.2.3. */
function readScanHeader(
  data: Uint8Array,
  frame: JpegFrame,
  tables: JpegTables,
): Omit<JpegScan, 'restartInterval' | 'intervals'> {
  const count = data[0] ?? 0;
  if (count < 1 || count > 4 || data.length !== 4 + 2 * count) throw corruptJpeg('a wrong scan header');
  const components = Array.from({ length: count }, (_, i) => {
    const [id, selectors] = [data[1 + 2 * i]!, data[2 + 2 * i]!];
    const index = frame.components.findIndex((component) => component.id === id);
    const component = frame.components[index];
    if (component === undefined) throw corruptJpeg('a scan of an unknown component');
    return {
      ...component,
      index,
      dc: tables.dc(selectors >> 4),
      ac: tables.ac(selectors & 15),
      divisors: tables.quantisationTable(component.quantisation),
    };
  });
  if (new Set(components.map(({ index }) => index)).size < count) throw corruptJpeg('a wrong scan header');
  const [ss, se, approximation] = [data[1 + 2 * count]!, data[2 + 2 * count]!, data[3 + 2 * count]!];
  return { components, ss, se, ah: approximation >> 4, al: approximation & 15 };
}

class SegmentSource {
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get rest(): number {
    return this.bytes.length - this.offset;
  }

  /** Any number of FF may stand before a marker (T.81 B.1.1.2). */
  marker(): number {
    if (this.bytes[this.offset] !== 0xff) throw corruptJpeg('a marker is missing');
    while (this.bytes[this.offset] === 0xff) this.offset += 1;
    const marker = this.bytes[this.offset];
    if (marker === undefined || marker === 0) throw corruptJpeg('it ends early');
    this.offset += 1;
    return marker;
  }

  /** What stands behind a marker, without the length before it. */
  segment(): Uint8Array {
    const [high, low] = [this.bytes[this.offset], this.bytes[this.offset + 1]];
    if (high === undefined || low === undefined) throw corruptJpeg('it ends early');
    const end = this.offset + high * 256 + low;
    if (end < this.offset + 2 || end > this.bytes.length) throw corruptJpeg('it ends early');
    const data = this.bytes.subarray(this.offset + 2, end);
    this.offset = end;
    return data;
  }

  /** T.81 B.1.1.5: FF 00 stands for FF; any other FF starts a marker. Restart markers must count from 0 to 7. */
  entropyCoded(): Uint8Array[] {
    const intervals: Uint8Array[] = [];
    let data = new Uint8Array(this.rest);
    let length = 0;
    for (;;) {
      const escape = this.bytes.indexOf(0xff, this.offset);
      if (escape < 0 || escape + 1 >= this.bytes.length) throw corruptJpeg('it ends early');
      data.set(this.bytes.subarray(this.offset, escape), length);
      length += escape - this.offset;
      const next = this.bytes[escape + 1]!;
      this.offset = escape + (next === 0xff ? 1 : 2);
      if (next === 0xff) continue;
      if (next === 0) {
        data[length++] = 0xff;
        continue;
      }
      intervals.push(data.subarray(0, length));
      if (next !== RST0 + ((intervals.length - 1) % 8)) {
        this.offset = escape;
        return intervals;
      }
      data = data.subarray(length);
      length = 0;
    }
  }
}
