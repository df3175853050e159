import type { BitReader } from './bit-reader';
import { inverseDct, largestCoefficients, MAX_CATEGORY, type Plane, ZIGZAG } from './dct-blocks';
import type { InverseDct } from './inverse-dct';
import { SHORT_BITS } from './huffman-table';
import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan, ScanComponent } from './jpeg-segments';
import type { BlockDecoder } from './scan-blocks';

const ZERO_RUN = 0xf0;

/** Sequential DCT with Huffman coding (T.81 annex F), 8 or 12 bits: a block is whole when it was read, and becomes samples. */
export class SequentialScan implements BlockDecoder {
  private readonly predictions = new Int32Array(4);
  private readonly coefficients = new Int16Array(64);
  /** By position of the component in the frame. */
  private readonly largest: Int32Array[] = [];
  private readonly dcts: InverseDct[] = [];
  private readonly shortCoefficients: Int32Array[] = [];
  private readonly maxDc: number;
  private readonly maxAc: number;

  constructor(
    { precision }: JpegFrame,
    { components, ss, se, ah, al }: JpegScan,
    private readonly planes: readonly Plane[],
  ) {
    if (ss !== 0 || se !== 63 || ah !== 0 || al !== 0) throw corruptJpeg('a wrong scan header');
    if (!components.every(({ dc, ac }) => dc && ac)) throw corruptJpeg('a Huffman table is missing');
    for (const { index, divisors, ac } of components) {
      this.shortCoefficients[index] = ac!.coefficients();
      this.largest[index] = largestCoefficients(divisors, precision);
      this.dcts[index] = inverseDct(divisors!, precision);
    }
    ({ dc: this.maxDc, ac: this.maxAc } = MAX_CATEGORY[precision]!);
  }

  restart(): void {
    this.predictions.fill(0);
  }

  assertEnd(): void {
    // no block goes on past its interval
  }

  block(bits: BitReader, component: ScanComponent, row: number, column: number): void {
    const { coefficients } = this;
    const last = this.read(bits, component, coefficients);
    const { data, stride } = this.planes[component.index]!;
    this.dcts[component.index]!.transform(coefficients, 0, last, data, (row * stride + column) * 8, stride);
    for (let k = 0; k <= last; k++) coefficients[ZIGZAG[k]!] = 0;
  }

  /** Fills in a block that is all 0; where in the file its last coefficient stands. */
  private read(bits: BitReader, { index, dc, ac }: ScanComponent, coefficients: Int16Array): number {
    const category = dc!.decode(bits);
    if (category > this.maxDc) throw corruptJpeg('the pixels are not valid');
    const level = this.predictions[index]! + bits.readExtended(category);
    const largest = this.largest[index]!;
    if (level > largest[0]! || level < -largest[0]!) throw corruptJpeg('the pixels are not valid');
    this.predictions[index] = level;
    coefficients[0] = level;
    const short = this.shortCoefficients[index]!;
    let last = 0;
    for (let k = 1; k < 64; k++) {
      let value = 0;
      const together = short[bits.peek16() >> (16 - SHORT_BITS)]!;
      if (together !== 0) {
        bits.skip(together & 0xff);
        k += (together >> 8) & 0xff;
        value = together >> 16;
        if (k > 63) throw corruptJpeg('the pixels are not valid');
      } else {
        const symbol = ac!.decode(bits);
        const size = symbol & 15;
        if (size === 0 && symbol !== ZERO_RUN) {
          if (symbol !== 0) throw corruptJpeg('the pixels are not valid');
          break;
        }
        k += symbol >> 4;
        if (size > this.maxAc || k > 63) throw corruptJpeg('the pixels are not valid');
        if (size === 0) continue;
        value = bits.readExtended(size);
      }
      if (value > largest[k]! || value < -largest[k]!) throw corruptJpeg('the pixels are not valid');
      coefficients[ZIGZAG[k]!] = value;
      last = k;
    }
    return last;
  }
}
