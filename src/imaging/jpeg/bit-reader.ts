import { corruptJpeg } from './jpeg-errors';

/** Bits of an entropy-coded interval without its byte stuffing, most significant first. */
export class BitReader {
  private buffer = 0;
  private available = 0;
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next 16 bits, zeros past the end. */
  peek16(): number {
    while (this.available < 16) {
      this.buffer = (this.buffer << 8) | (this.offset < this.bytes.length ? this.bytes[this.offset]! : 0);
      this.offset += 1;
      this.available += 8;
    }
    return (this.buffer >>> (this.available - 16)) & 0xffff;
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

  /** RECEIVE and EXTEND of T.81 F.2.2.1 and F.2.2.4: a signed number of a category, 0 to 16 bits. */
  readExtended(category: number): number {
    const value = this.read(category);
    return value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
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
