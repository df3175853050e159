import { corruptDicom } from '../dicom-errors';
import { keywordOf, kindOf } from './attributes';
import { DataSet, type Fragment } from './data-set';

export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

interface Element {
  readonly tag: number;
  /** undefined in implicit VR. */
  readonly vr?: string;
  /** UNDEFINED: up to a delimiter. */
  readonly length: number;
}

const UNDEFINED = 0xffff_ffff;
const ITEM = 0xfffe_e000;
const ITEM_END = 0xfffe_e00d;
const SEQUENCE_END = 0xfffe_e0dd;
const PIXEL_DATA = 0x7fe0_0010;
const FRAGMENT_PREFIX_BYTES = 8;

/** PS3.5 7.1.2: 32-bit length. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const SHORT = new Set(
  [
    'AE',
    'AS',
    'AT',
    'CS',
    'DA',
    'DS',
    'DT',
    'FD',
    'FL',
    'IS',
    'LO',
    'LT',
    'PN',
    'SH',
    'SL',
    'SS',
    'ST',
    'TM',
  ].concat(['UI', 'UL', 'US']),
);

/** Sequences within sequences; real objects stay below ten. */
const MAX_DEPTH = 16;
/** Of elements and items; an enhanced object of a thousand frames has a tenth of it. */
const MAX_ELEMENTS = 1_000_000;
/** Implicit VR little endian, which a value of unknown representation is in (PS3.5 6.2.2). */
const UNKNOWN: Encoding = { explicit: false, littleEndian: true };

/** Reads elements from first to last, in one pass, keeping those of `attributes.ts`. Every length is checked. */
export class DataSetReader {
  private readonly view: DataView;
  private elements = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public offset = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * The data set from here to the end, or the elements of one group.
   * @throws DomainError IMAGE_CORRUPT
   */
  read(encoding: Encoding, onlyGroup?: number): DataSet {
    const goesOn = (): boolean =>
      this.offset < this.bytes.length &&
      (onlyGroup === undefined || this.peekTag(encoding) >>> 16 === onlyGroup);
    return this.readElements(encoding, goesOn, this.bytes.length, 0);
  }

  private readElements(encoding: Encoding, goesOn: () => boolean, end: number, depth: number): DataSet {
    const dataSet = new DataSet(encoding.littleEndian);
    let previous = -1;
    while (goesOn()) {
      const element = this.readHeader(encoding, end);
      if (element.tag <= previous) throw corruptDicom('the elements are not in ascending order');
      previous = element.tag;
      this.readValue(dataSet, element, encoding, end, depth);
    }
    return dataSet;
  }

  private readHeader({ explicit, littleEndian }: Encoding, end: number): Element {
    this.count();
    this.need(8, end);
    const tag = this.peekTag({ explicit, littleEndian });
    this.offset += 4;
    if (tag >>> 16 === 0xfffe) throw corruptDicom('a delimiter where none belongs');
    if (!explicit) return { tag, length: this.readLength(littleEndian) };
    const vr = String.fromCharCode(this.bytes[this.offset]!, this.bytes[this.offset + 1]!);
    this.offset += 2;
    if (SHORT.has(vr)) {
      this.offset += 2;
      return { tag, vr, length: this.view.getUint16(this.offset - 2, littleEndian) };
    }
    if (!LONG.has(vr)) throw corruptDicom('an unknown value representation');
    this.offset += 2;
    this.need(4, end);
    return { tag, vr, length: this.readLength(littleEndian) };
  }

  private readValue(
    dataSet: DataSet,
    { tag, vr, length }: Element,
    encoding: Encoding,
    end: number,
    depth: number,
  ): void {
    const keyword = keywordOf(tag);
    const isSequence = vr === undefined ? keyword !== undefined && kindOf(keyword) === 'SQ' : vr === 'SQ';
    const inner = vr === 'UN' ? UNKNOWN : encoding;
    if (length === UNDEFINED && (vr === 'OB' || vr === 'OW')) {
      if (tag !== PIXEL_DATA || !encoding.explicit) throw corruptDicom('a value without a length');
      const fragments = this.readFragments(encoding, end);
      if (depth === 0) dataSet.set('PixelData', { fragments });
    } else if (length === UNDEFINED) {
      if (vr !== undefined && vr !== 'SQ' && vr !== 'UN') throw corruptDicom('a value without a length');
      if (tag === PIXEL_DATA) throw corruptDicom('pixel data without a length');
      const items = this.readItems(inner, UNDEFINED, end, depth + 1);
      if (keyword) dataSet.set(keyword, { items });
    } else {
      this.need(length, end);
      if (length % 2 !== 0) throw corruptDicom('a value of odd length');
      if (keyword && (isSequence || (vr === 'UN' && kindOf(keyword) === 'SQ'))) {
        dataSet.set(keyword, { items: this.readItems(inner, length, end, depth + 1) });
        return;
      }
      if (keyword)
        dataSet.set(keyword, { bytes: this.bytes.subarray(this.offset, this.offset + length), vr });
      this.offset += length;
    }
  }

  /** PS3.5 7.5. */
  private readItems(encoding: Encoding, length: number, outerEnd: number, depth: number): DataSet[] {
    if (depth > MAX_DEPTH) throw corruptDicom('sequences are nested too deep');
    const items: DataSet[] = [];
    const delimited = length === UNDEFINED;
    const end = delimited ? outerEnd : this.offset + length;
    for (;;) {
      if (!delimited && this.offset === end) return items;
      const { tag, length: itemLength } = this.readDelimiter(encoding, end);
      if (tag === SEQUENCE_END && delimited && itemLength === 0) return items;
      if (tag !== ITEM) throw corruptDicom('a sequence holds something else than items');
      items.push(this.readItem(encoding, itemLength, end, depth));
    }
  }

  private readItem(encoding: Encoding, length: number, outerEnd: number, depth: number): DataSet {
    if (length !== UNDEFINED) {
      this.need(length, outerEnd);
      const end = this.offset + length;
      return this.readElements(encoding, () => this.offset < end, end, depth);
    }
    const goesOn = (): boolean => {
      this.need(8, outerEnd);
      return this.peekTag(encoding) !== ITEM_END;
    };
    const item = this.readElements(encoding, goesOn, outerEnd, depth);
    if (this.readDelimiter(encoding, outerEnd).length !== 0) throw corruptDicom('an item does not end');
    return item;
  }

  private readFragments(encoding: Encoding, end: number): Fragment[] {
    const fragments: Fragment[] = [];
    let first = this.offset;
    for (;;) {
      const at = this.offset;
      const { tag, length } = this.readDelimiter(encoding, end);
      if (tag === SEQUENCE_END && length === 0) return fragments;
      if (tag !== ITEM || length === UNDEFINED)
        throw corruptDicom('the pixel data holds something else than fragments');
      this.need(length, end);
      if (length % 2 !== 0) throw corruptDicom('a fragment of odd length');
      const bytes = this.bytes.subarray(this.offset, this.offset + length);
      this.offset += length;
      if (fragments.length === 0) first = at + FRAGMENT_PREFIX_BYTES + length;
      fragments.push({ offset: at - first, bytes });
    }
  }

  private readDelimiter({ littleEndian }: Encoding, end: number): Element {
    this.count();
    this.need(8, end);
    const tag = this.peekTag({ explicit: false, littleEndian });
    this.offset += 4;
    return { tag, length: this.readLength(littleEndian) };
  }

  private peekTag({ littleEndian }: Encoding): number {
    this.need(4, this.bytes.length);
    const group = this.view.getUint16(this.offset, littleEndian);
    return group * 0x1_0000 + this.view.getUint16(this.offset + 2, littleEndian);
  }

  private readLength(littleEndian: boolean): number {
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, littleEndian);
  }

  private need(length: number, end: number): void {
    if (this.offset + length > end) throw corruptDicom('it ends early, or a length is too large');
  }

  private count(): void {
    this.elements += 1;
    if (this.elements > MAX_ELEMENTS) throw corruptDicom('too many elements');
  }
}
