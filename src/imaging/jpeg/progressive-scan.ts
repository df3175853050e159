import type { BitReader } from './bit-reader';
import { type Coefficients, largestCoefficients, MAX_CATEGORY, ZIGZAG } from './dct-blocks';
import { corruptJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import type { JpegScan, ScanComponent } from './jpeg-segments';
import type { BlockDecoder } from './scan-blocks';

/** One scan of the progressive DCT with Huffman coding (T.81 annex G). */
export class ProgressiveScan implements BlockDecoder {
  private readonly predictions = new Int32Array(4);
  /** By position of the component in the frame. */
  private readonly largest: Int32Array[] = [];
  private readonly first: boolean;
  private readonly ss: number;
  private readonly se: number;
  /** Position of the bit that the scan carries. */
  private readonly al: number;
  private readonly max: { readonly dc: number; readonly ac: number };
  /** Blocks still to come that have nothing more in this band. */
  private endOfBands = 0;

  constructor(
    { precision }: JpegFrame,
    { components, ss, se, ah, al }: JpegScan,
    private readonly coefficients: readonly Coefficients[],
  ) {
    const band = ss === 0 ? se === 0 : ss <= se && se <= 63 && components.length === 1;
    if (!band || al > 13 || (ah !== 0 && ah !== al + 1)) throw corruptJpeg('a wrong scan header');
    this.first = ah === 0;
    [this.ss, this.se, this.al, this.max] = [ss, se, al, MAX_CATEGORY[precision]!];
    for (const { index, divisors } of components)
      this.largest[index] = largestCoefficients(divisors, precision);
    if (ss > 0 && !components[0]!.ac) throw corruptJpeg('a Huffman table is missing');
    if (ss === 0 && ah === 0 && !components.every(({ dc }) => dc))
      throw corruptJpeg('a Huffman table is missing');
  }

  restart(): void {
    this.predictions.fill(0);
    this.endOfBands = 0;
  }

  assertEnd(): void {
    if (this.endOfBands > 0) throw corruptJpeg('the pixels are not valid');
  }

  block(bits: BitReader, component: ScanComponent, row: number, column: number): void {
    const coefficients = this.coefficients[component.index]!;
    const block = row * coefficients.blocksWide + column;
    if (this.ss > 0 && this.first) this.firstAc(bits, component, coefficients, block);
    else if (this.ss > 0) this.refineAc(bits, component, coefficients, block);
    else if (this.first) this.firstDc(bits, component, coefficients.data, block * 64);
    else this.refineDc(bits, coefficients.data, block * 64);
  }

  private firstDc(bits: BitReader, { index, dc }: ScanComponent, data: Int16Array, offset: number): void {
    const category = dc!.decode(bits);
    if (category > this.max.dc) throw corruptJpeg('the pixels are not valid');
    const level = this.predictions[index]! + bits.readExtended(category);
    const shifted = level * 2 ** this.al;
    const largest = this.largest[index]![0]!;
    if (shifted > largest || shifted < -largest - (1 << this.al))
      throw corruptJpeg('the pixels are not valid');
    this.predictions[index] = level;
    data[offset] = shifted;
  }

  private refineDc(bits: BitReader, data: Int16Array, offset: number): void {
    if (bits.readBit() === 1) data[offset] = data[offset]! | (1 << this.al);
  }

  private firstAc(
    bits: BitReader,
    { index, ac }: ScanComponent,
    { data, last }: Coefficients,
    block: number,
  ): void {
    if (this.endOfBands > 0) {
      this.endOfBands--;
      return;
    }
    for (let k = this.ss; k <= this.se; k++) {
      const symbol = ac!.decode(bits);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0 && run < 15) {
        this.endOfBands = (1 << run) + bits.read(run) - 1;
        return;
      }
      k += run;
      if (k > this.se || size > this.max.ac) throw corruptJpeg('the pixels are not valid');
      if (size === 0) continue;
      const value = bits.readExtended(size) * 2 ** this.al;
      const largest = this.largest[index]![k]!;
      if (value > largest || value < -largest) throw corruptJpeg('the pixels are not valid');
      data[block * 64 + ZIGZAG[k]!] = value;
      last[block] = Math.max(last[block]!, k);
    }
  }

  /** T.81 figures G.7 to G.9. */
  private refineAc(bits: BitReader, { ac }: ScanComponent, coefficients: Coefficients, block: number): void {
    let k = this.ss;
    while (this.endOfBands === 0 && k <= this.se) {
      const symbol = ac!.decode(bits);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0 && run < 15) {
        this.endOfBands = (1 << run) + bits.read(run);
        break;
      }
      if (size > 1) throw corruptJpeg('the pixels are not valid');
      const value = size === 0 ? 0 : bits.readBit() === 1 ? 1 << this.al : -1 << this.al;
      k = this.refine(bits, coefficients, block, k, run);
      if (size > 0) {
        if (k > this.se) throw corruptJpeg('the pixels are not valid');
        coefficients.data[block * 64 + ZIGZAG[k]!] = value;
        coefficients.last[block] = Math.max(coefficients.last[block]!, k);
      }
      k++;
    }
    if (this.endOfBands > 0) {
      this.refine(bits, coefficients, block, k, 64);
      this.endOfBands--;
    }
  }

  /**
   * A bit more of the coefficients that are not 0, from `k` on; the position of the one after `zeros` that are 0,
   * where the band has so many.
   */
  private refine(
    bits: BitReader,
    { data, last }: Coefficients,
    block: number,
    k: number,
    zeros: number,
  ): number {
    const end = Math.min(last[block]!, this.se);
    const bit = 1 << this.al;
    for (; k <= end; k++) {
      const at = block * 64 + ZIGZAG[k]!;
      const value = data[at]!;
      if (value === 0) {
        if (zeros-- === 0) return k;
      } else if (bits.readBit() === 1) {
        data[at] = value > 0 ? value + bit : value - bit;
      }
    }
    return k + zeros;
  }
}
