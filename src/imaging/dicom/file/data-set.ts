import { invalidAttribute } from '../dicom-errors';
import type { Keyword } from './attributes';

export type Value =
  | { readonly bytes: Uint8Array; readonly vr?: string }
  | { readonly items: readonly DataSet[] }
  /** Encapsulated pixel data (PS3.5 A.4): the Basic Offset Table, then the fragments. */
  | { readonly fragments: readonly Fragment[] };

export interface Fragment {
  /** Of its item, counted from the first byte of the item that follows the Basic Offset Table. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** PS3.5 6.2; blanks around a number are of no meaning. */
const DECIMAL = /^ *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})? *$/;
const INTEGER = /^ *[+-]?\d{1,10} *$/;
const UID = /^[0-9]+(\.[0-9]+)*$/;
/** Characters of a value and bytes of all; the standard has 16 and a few dozen. Bounds the work of the patterns above. */
const MAX_TEXT = 64;
const MAX_TEXTS_BYTES = 4096;
const CODE = /^[A-Z0-9_ ]{1,16}$/;

/** The attributes of a data set or of an item of a sequence. A value that is there but empty counts as missing. */
export class DataSet {
  private readonly values = new Map<Keyword, Value>();

  constructor(readonly littleEndian: boolean) {}

  set(keyword: Keyword, value: Value): void {
    this.values.set(keyword, value);
  }

  value(keyword: Keyword): Value | undefined {
    return this.values.get(keyword);
  }

  bytes(keyword: Keyword): Uint8Array | undefined {
    const value = this.values.get(keyword);
    return value !== undefined && 'bytes' in value && value.bytes.length > 0 ? value.bytes : undefined;
  }

  items(keyword: Keyword): readonly DataSet[] {
    const value = this.values.get(keyword);
    return value !== undefined && 'items' in value ? value.items : [];
  }

  /** @throws DomainError IMAGE_ATTRIBUTE_INVALID */
  code(keyword: Keyword): string | undefined {
    const [text] = this.texts(keyword);
    if (text === undefined) return undefined;
    const code = text.trim();
    if (CODE.test(code)) return code;
    throw invalidAttribute(keyword, 'not a code of up to 16 capitals, digits, blanks and underscores');
  }

  /** @throws DomainError IMAGE_ATTRIBUTE_INVALID */
  uid(keyword: Keyword): string | undefined {
    const [text] = this.texts(keyword);
    if (text === undefined) return undefined;
    if (UID.test(text)) return text;
    throw invalidAttribute(keyword, 'not a unique identifier');
  }

  /** @throws DomainError IMAGE_ATTRIBUTE_INVALID */
  decimals(keyword: Keyword): readonly number[] {
    return this.texts(keyword).map((text) => {
      const number = DECIMAL.test(text) ? Number(text) : NaN;
      if (!Number.isFinite(number)) throw invalidAttribute(keyword, 'not a decimal number');
      return number;
    });
  }

  /** @throws DomainError IMAGE_ATTRIBUTE_INVALID */
  integer(keyword: Keyword): number | undefined {
    const [text] = this.texts(keyword);
    if (text === undefined) return undefined;
    if (!INTEGER.test(text)) throw invalidAttribute(keyword, 'not an integer');
    return Number(text);
  }

  /**
   * US, or the same 16 bits of an SS.
   * @throws DomainError IMAGE_ATTRIBUTE_INVALID
   */
  words(keyword: Keyword): Uint16Array {
    const bytes = this.bytes(keyword) ?? new Uint8Array(0);
    if (bytes.length % 2 !== 0) throw invalidAttribute(keyword, 'not made of 16-bit numbers');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const words = new Uint16Array(bytes.length / 2);
    for (let i = 0; i < words.length; i++) words[i] = view.getUint16(2 * i, this.littleEndian);
    return words;
  }

  /** @throws DomainError IMAGE_ATTRIBUTE_INVALID where it is missing or not a single number */
  word(keyword: Keyword): number {
    const words = this.words(keyword);
    if (words.length !== 1) throw invalidAttribute(keyword, 'expected one number');
    return words[0]!;
  }

  private texts(keyword: Keyword): string[] {
    const bytes = this.bytes(keyword);
    if (bytes === undefined) return [];
    if (bytes.length > MAX_TEXTS_BYTES) throw invalidAttribute(keyword, 'too long');
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const trimmed = text.replace(/[\0 ]+$/, '');
    const texts = trimmed === '' ? [] : trimmed.split('\\');
    if (texts.some(({ length }) => length > MAX_TEXT)) throw invalidAttribute(keyword, 'too long');
    return texts;
  }
}
