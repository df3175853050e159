import { corruptJpeg } from './jpeg-errors';

/** Bits of an entropy-coded interval without its byte stuffing, most significant first. */
export class BitReader {
  private buffer = 0;
  private available = 0;
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next 16 bits, zeros past the end. */
  peek16(): number {
    if (this.available < 16) this.fill();
    return (this.buffer >>> (this.available - 16)) & 0xffff;
  }

  private fill(): void {
    const { bytes, offset } = this;
    if (offset + 1 < bytes.length) {
      this.buffer = (this.buffer << 16) | (bytes[offset]! << 8) | bytes[offset + 1]!;
    } else {
      this.buffer = (this.buffer << 16) | (offset < bytes.length ? bytes[offset]! << 8 : 0);
    }
    this.offset = offset + 2;
    this.available += 16;
  }

  /** Past the end as well: `assertInside` and `assertEnd` find that out. */
  skip(bits: number): void {
    this.available -= bits;
  }

  /** The next bits, at most 16, as a number. */
  read(bits: number): number {
    if (bits === 0) return 0;
    const value = this.peek16() >>> (16 - bits);
    this.available -= bits;
    return value;
  }

  readBit(): number {
    if (this.available === 0) this.fill();
    this.available -= 1;
    return (this.buffer >>> this.available) & 1;
  }

  /** RECEIVE and EXTEND of T.81 F.2.2.1 and F.2.2.4: a signed number of a category, 0 to 16 bits. */
  readExtended(category: number): number {
    return extended(this.read(category), category);
  }

  /** @throws DomainError IMAGE_CORRUPT when more bits were taken than there are */
  assertInside(): void {
    if (this.offset - (this.available >> 3) > this.bytes.length) throw corruptJpeg('the pixels end early');
  }

  /** @throws DomainError IMAGE_CORRUPT, also when whole bytes are left over */
  assertEnd(): void {
    this.assertInside();
    if (this.offset - (this.available >> 3) < this.bytes.length)
      throw corruptJpeg('there is more data than pixels');
  }
}

/** EXTEND of T.81 F.2.2.1: the bits of a category as a signed number. */
export const extended = (bits: number, category: number): number =>
  bits < 1 << (category - 1) ? bits - (1 << category) + 1 : bits;
