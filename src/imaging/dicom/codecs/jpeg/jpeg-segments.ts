import { corruptDicom, unsupportedDicom } from '../../dicom-errors';
import { HuffmanTable } from './huffman-table';

/** ITU-T T.81, table B.1. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOF = { baseline: 0xc0, extended: 0xc1, lossless: 0xc3 };
const DHT = 0xc4;
const DQT = 0xdb;
const DRI = 0xdd;
const SOS = 0xda;
const RST0 = 0xd0;
const APP0 = 0xe0;
const APP14 = 0xee;
const COM = 0xfe;

const MAX_SEGMENTS = 1000;

interface JpegComponent {
  readonly id: number;
  /** Horizontal and vertical sampling factor. */
  readonly h: number;
  readonly v: number;
  readonly quantisation: number;
}

export interface JpegFrame {
  readonly process: keyof typeof SOF;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
}

export interface JpegScan {
  readonly components: readonly {
    /** Index in the frame. */
    readonly index: number;
    readonly dc: HuffmanTable | undefined;
    readonly ac: HuffmanTable | undefined;
    readonly quantisation: Uint16Array | undefined;
  }[];
  /** Ss, Se, Ah and Al of T.81 B.2.3; in a lossless scan Ss is the predictor and Al the point transform. */
  readonly parameters: readonly [ss: number, se: number, ah: number, al: number];
  readonly restartInterval: number;
  /** Entropy-coded data between restart markers, byte stuffing removed. */
  readonly intervals: readonly Uint8Array[];
}

export interface JpegFile {
  readonly frame: JpegFrame;
  readonly scans: readonly JpegScan[];
  /** What the file itself says its three components are. */
  readonly colour: 'ybr' | 'rgb' | undefined;
}

/**
 * Takes a JPEG file apart, strictly: every segment whole, every marker where it may be, an end marker, and nothing
 * behind it but a byte of padding (DICOM PS3.5 A.4).
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED
 */
export function readJpegSegments(bytes: Uint8Array): JpegFile {
  return new SegmentReader(bytes).read();
}

class SegmentReader {
  private offset = 0;
  private frame?: JpegFrame;
  private colour?: JpegFile['colour'];
  private restartInterval = 0;
  private readonly scans: JpegScan[] = [];
  private readonly tables = new Map<string, HuffmanTable>();
  private readonly quantisation = new Map<number, Uint16Array>();

  constructor(private readonly bytes: Uint8Array) {}

  read(): JpegFile {
    if (this.marker() !== SOI) throw corruptDicom('the JPEG data does not start with its marker');
    for (let segments = 0; ; segments++) {
      if (segments > MAX_SEGMENTS) throw corruptDicom('too many JPEG segments');
      const marker = this.marker();
      if (marker === EOI) break;
      this.segment(marker, this.take(this.word() - 2));
    }
    if (this.bytes.length - this.offset > 1) throw corruptDicom('bytes after the end of the JPEG data');
    if (this.frame === undefined || this.scans.length === 0) throw corruptDicom('JPEG data without pixels');
    return { frame: this.frame, scans: this.scans, colour: this.colour };
  }

  private segment(marker: number, data: Uint8Array): void {
    if (marker === DHT) this.huffmanTables(data);
    else if (marker === DQT) this.quantisationTables(data);
    else if (marker === DRI) this.restartInterval = word(data, 0);
    else if (marker === SOS) this.scans.push(this.scan(data));
    else if (marker === APP14 && startsWith(data, 'Adobe')) this.colour = data[11] === 0 ? 'rgb' : 'ybr';
    else if (marker === APP0 && startsWith(data, 'JFIF\0')) this.colour ??= 'ybr';
    else if (marker >= 0xc0 && marker <= 0xcf) this.frame = this.frameHeader(marker, data);
    else if ((marker < APP0 || marker > 0xef) && marker !== COM) throw corruptDicom('an unknown JPEG marker');
  }

  private frameHeader(marker: number, data: Uint8Array): JpegFrame {
    const process = (Object.keys(SOF) as (keyof typeof SOF)[]).find((name) => SOF[name] === marker);
    if (process === undefined) throw unsupportedDicom('Progressive, hierarchical or arithmetic JPEG');
    if (this.frame !== undefined) throw corruptDicom('two JPEG frames');
    const count = data[5] ?? 0;
    if (count < 1 || count > 4 || data.length !== 6 + 3 * count)
      throw corruptDicom('a wrong JPEG frame header');
    const components = Array.from({ length: count }, (_, i) => {
      const [id, sampling, quantisation] = data.subarray(6 + 3 * i) as unknown as [number, number, number];
      return { id, h: sampling >> 4, v: sampling & 15, quantisation };
    });
    const sampled = components.every(({ h, v }) => h >= 1 && h <= 4 && v >= 1 && v <= 4);
    if (!sampled) throw corruptDicom('a wrong JPEG frame header');
    return { process, precision: data[0]!, height: word(data, 1), width: word(data, 3), components };
  }

  private huffmanTables(data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const name = tableName(data[at]!);
      const counts = data.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const symbols = data.subarray(at + 17, at + 17 + total);
      if (counts.length !== 16 || symbols.length !== total) throw corruptDicom('a wrong Huffman table');
      this.tables.set(name, new HuffmanTable(counts, symbols));
      at += 17 + total;
    }
  }

  private quantisationTables(data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const [wide, id] = [data[at]! >> 4, data[at]! & 15];
      const bytes = wide === 0 ? 64 : 128;
      if (wide > 1 || id > 3 || at + 1 + bytes > data.length)
        throw corruptDicom('a wrong quantisation table');
      const read = (i: number): number => (wide === 0 ? data[at + 1 + i]! : word(data, at + 1 + 2 * i));
      this.quantisation.set(
        id,
        Uint16Array.from({ length: 64 }, (_, i) => read(i)),
      );
      at += 1 + bytes;
    }
  }

  private scan(data: Uint8Array): JpegScan {
    const { frame } = this;
    const count = data[0] ?? 0;
    if (frame === undefined || count < 1 || count > 4 || data.length !== 4 + 2 * count) {
      throw corruptDicom('a wrong JPEG scan header');
    }
    // each component has one scan in the processes that are read here
    if (this.scans.length === frame.components.length) throw corruptDicom('too many JPEG scans');
    const components = Array.from({ length: count }, (_, i) => {
      const [id, selectors] = [data[1 + 2 * i]!, data[2 + 2 * i]!];
      const index = frame.components.findIndex((component) => component.id === id);
      if (index < 0) throw corruptDicom('a JPEG scan of an unknown component');
      return {
        index,
        dc: this.tables.get(`0${selectors >> 4}`),
        ac: this.tables.get(`1${selectors & 15}`),
        quantisation: this.quantisation.get(frame.components[index]!.quantisation),
      };
    });
    const [ss, se, approximation] = data.subarray(1 + 2 * count) as unknown as [number, number, number];
    return {
      components,
      parameters: [ss, se, approximation >> 4, approximation & 15],
      restartInterval: this.restartInterval,
      intervals: this.entropyCoded(),
    };
  }

  /** T.81 B.1.1.5: FF 00 stands for FF; any other FF starts a marker. */
  private entropyCoded(): Uint8Array[] {
    const intervals: Uint8Array[] = [];
    let data = new Uint8Array(this.bytes.length - this.offset);
    let length = 0;
    for (;;) {
      const stuffed = this.bytes.indexOf(0xff, this.offset);
      if (stuffed < 0 || stuffed + 1 >= this.bytes.length) throw corruptDicom('the JPEG data ends early');
      data.set(this.bytes.subarray(this.offset, stuffed), length);
      length += stuffed - this.offset;
      const next = this.bytes[stuffed + 1]!;
      this.offset = stuffed + (next === 0xff ? 1 : 2);
      if (next === 0xff) continue;
      if (next === 0) {
        data[length++] = 0xff;
        continue;
      }
      intervals.push(data.subarray(0, length));
      if (next !== RST0 + ((intervals.length - 1) % 8)) {
        this.offset = stuffed;
        return intervals;
      }
      data = data.subarray(length);
      length = 0;
    }
  }

  private marker(): number {
    if (this.bytes[this.offset] !== 0xff) throw corruptDicom('a JPEG marker is missing');
    while (this.bytes[this.offset] === 0xff) this.offset += 1;
    const marker = this.bytes[this.offset];
    if (marker === undefined || marker === 0) throw corruptDicom('the JPEG data ends early');
    this.offset += 1;
    return marker;
  }

  private word(): number {
    this.offset += 2;
    return word(this.bytes, this.offset - 2);
  }

  private take(length: number): Uint8Array {
    if (length < 0 || this.offset + length > this.bytes.length)
      throw corruptDicom('the JPEG data ends early');
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }
}

function word(bytes: Uint8Array, offset: number): number {
  const [high, low] = [bytes[offset], bytes[offset + 1]];
  if (high === undefined || low === undefined) throw corruptDicom('the JPEG data ends early');
  return high * 256 + low;
}

function tableName(selector: number): string {
  if (selector >> 4 > 1 || (selector & 15) > 3) throw corruptDicom('a wrong Huffman table');
  return `${selector >> 4}${selector & 15}`;
}

const startsWith = (data: Uint8Array, text: string): boolean =>
  data.length >= 12 && Buffer.from(data.buffer, data.byteOffset, text.length).toString('latin1') === text;
