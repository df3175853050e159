import { readSync } from 'node:fs';

const WINDOW_BYTES = 256 * 1024;
/** Bits that arithmetic on doubles holds exactly; a varint of eight bytes or more goes through BigInt. */
const PLAIN_BYTES = 7;
const MAX_FIELDS = 50_000_000;

/** The bytes are not what they should be. The message may be shown to the sender: it quotes nothing of the file. */
export class MalformedFile extends Error {}

export interface Field {
  readonly wire: number;
  /** Of a varint. Beyond 2^53 it is rounded. */
  readonly value: number;
  /** Index behind the field. */
  readonly end: number;
}

export type Visitors = Readonly<Record<number, (field: Field) => void>>;

/**
 * Walks through a protobuf file (protobuf.dev/programming-guides/encoding) without keeping more of it in memory than a
 * window of 256 KiB: what nobody visits is passed over, not read.
 */
export class ProtobufReader {
  private readonly window = Buffer.allocUnsafe(WINDOW_BYTES);
  private windowStart = 0;
  private windowEnd = 0;
  private position = 0;
  private fields = 0;

  constructor(
    private readonly descriptor: number,
    readonly size: number,
  ) {}

  /** Index of the next byte. */
  get offset(): number {
    return this.position;
  }

  /** Visits the fields of a message that ends at `end`, those without a visitor excepted. */
  message(end: number, visitors: Visitors): void {
    while (this.position < end) {
      const field = this.field(end);
      visitors[field.number]?.(field);
      this.position = field.end;
    }
  }

  /** UTF-8 without control characters, at most `limit` bytes of it. */
  text({ wire, end }: Field, limit: number): string {
    if (wire !== 2) return '';
    const length = Math.min(end - this.position, limit);
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.byte();
    return bytes.toString('utf8').replace(/\p{Cc}/gu, '\uFFFD');
  }

  /** The numbers of a repeated integer field, packed or not. */
  integers({ wire, value, end }: Field): number[] {
    if (wire === 0) return [value];
    if (wire !== 2) return [];
    const values: number[] = [];
    while (this.position < end) values.push(this.varint());
    return values;
  }

  private field(end: number): Field & { readonly number: number } {
    this.fields += 1;
    if (this.fields > MAX_FIELDS) throw new MalformedFile('has too many fields');
    const tag = this.varint();
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 536_870_911) throw new MalformedFile('is not a protobuf message');
    const value = wire === 0 ? this.varint() : 0;
    const length = this.lengthOf(wire);
    const fieldEnd = this.position + length;
    if (fieldEnd > end) throw new MalformedFile('is truncated or damaged');
    return { number, wire, value, end: fieldEnd };
  }

  private lengthOf(wire: number): number {
    if (wire === 0) return 0;
    if (wire === 1) return 8;
    if (wire === 5) return 4;
    if (wire !== 2) throw new MalformedFile('is not a protobuf message');
    const length = this.varint();
    if (length < 0) throw new MalformedFile('is truncated or damaged');
    return length;
  }

  private varint(): number {
    let value = 0;
    let factor = 1;
    for (let index = 0; index < PLAIN_BYTES; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    let large = BigInt(value);
    for (let index = PLAIN_BYTES; index < 10; index += 1) {
      const byte = this.byte();
      large |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return Number(BigInt.asIntN(64, large));
    }
    throw new MalformedFile('is not a protobuf message');
  }

  private byte(): number {
    if (this.position >= this.windowEnd || this.position < this.windowStart) this.load();
    const byte = this.window[this.position - this.windowStart]!;
    this.position += 1;
    return byte;
  }

  private load(): void {
    const read = readSync(this.descriptor, this.window, 0, WINDOW_BYTES, this.position);
    if (read === 0) throw new MalformedFile('is truncated or damaged');
    this.windowStart = this.position;
    this.windowEnd = this.position + read;
  }
}
