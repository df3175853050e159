import type { BitReader } from './bit-reader';
import { largestCoefficients, MAX_CATEGORY, ZIGZAG } from './dct-blocks';
import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan, ScanComponent } from './jpeg-segments';
import type { BlockDecoder } from './scan-blocks';

const ZERO_RUN = 0xf0;

/** Sequential DCT with Huffman coding (T.81 annex F), 8 or 12 bits. */
export class SequentialScan implements BlockDecoder {
  private readonly predictions = new Int32Array(4);
  /** By position of the component in the frame. */
  private readonly largest: Int32Array[] = [];
  private readonly maxDc: number;
  private readonly maxAc: number;

  constructor({ precision }: JpegFrame, { components, ss, se, ah, al }: JpegScan) {
    if (ss !== 0 || se !== 63 || ah !== 0 || al !== 0) throw corruptJpeg('a wrong scan header');
    if (!components.every(({ dc, ac }) => dc && ac)) throw corruptJpeg('a Huffman table is missing');
    for (const { index, divisors } of components)
      this.largest[index] = largestCoefficients(divisors, precision);
    ({ dc: this.maxDc, ac: this.maxAc } = MAX_CATEGORY[precision]!);
  }

  restart(): void {
    this.predictions.fill(0);
  }

  assertEnd(): void {
    // no block goes on past its interval
  }

  block(bits: BitReader, { index, dc, ac }: ScanComponent, data: Int16Array, offset: number): void {
    const category = dc!.decode(bits);
    if (category > this.maxDc) throw corruptJpeg('the pixels are not valid');
    const level = this.predictions[index]! + bits.readExtended(category);
    const largest = this.largest[index]!;
    if (level > largest[0]! || level < -largest[0]!) throw corruptJpeg('the pixels are not valid');
    this.predictions[index] = level;
    data[offset] = level;
    for (let k = 1; k < 64; k++) {
      const symbol = ac!.decode(bits);
      const size = symbol & 15;
      if (size === 0 && symbol !== ZERO_RUN) {
        if (symbol !== 0) throw corruptJpeg('the pixels are not valid');
        return;
      }
      k += symbol >> 4;
      if (size > this.maxAc || k > 63) throw corruptJpeg('the pixels are not valid');
      if (size === 0) continue;
      const value = bits.readExtended(size);
      if (value > largest[k]! || value < -largest[k]!) throw corruptJpeg('the pixels are not valid');
      data[offset + ZIGZAG[k]!] = value;
    }
  }
}
