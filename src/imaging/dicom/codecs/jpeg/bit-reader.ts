import { corruptDicom } from '../../dicom-errors';

/** Bits of an entropy-coded interval, most significant first. */
export class BitReader {
  private buffer = 0;
  private available = 0;
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next 16 bits, zeros past the end. */
  peek16(): number {
    while (this.available < 16) {
      this.buffer = (this.buffer << 8) | (this.bytes[this.offset] ?? 0);
      this.offset += 1;
      this.available += 8;
    }
    return (this.buffer >>> (this.available - 16)) & 0xffff;
  }

  /** @throws DomainError IMAGE_CORRUPT past the end */
  skip(bits: number): void {
    this.available -= bits;
    if (this.offset - (this.available >> 3) > this.bytes.length)
      throw corruptDicom('the compressed pixels end early');
  }

  /** RECEIVE and EXTEND of T.81 F.2.2.1 and F.2.2.4: a signed number of a category, 0 to 16 bits. */
  receiveExtended(category: number): number {
    if (category === 0) return 0;
    const value = this.peek16() >>> (16 - category);
    this.skip(category);
    return value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
  }

  /** @throws DomainError IMAGE_CORRUPT when whole bytes are left over */
  end(): void {
    if (this.offset - (this.available >> 3) !== this.bytes.length)
      throw corruptDicom('there are more pixels than it should have');
  }
}
