import { type BitReader, extended } from './bit-reader';
import { corruptJpeg } from './jpeg-errors';

const MAX_CODE_BITS = 16;
/** Nearly all codes are as short; a table of these many bits stays in the processor's nearest cache. */
export const SHORT_BITS = 10;

/** A table of T.81 annex C. */
export class HuffmanTable {
  /** By the next bits: code length in the high byte, symbol in the low one; 0 where no short code begins like this. */
  private readonly short = new Uint16Array(1 << SHORT_BITS);
  /** By code length: what the next 16 bits are less than when a code of up to that length begins them. */
  private readonly ends = new Uint32Array(MAX_CODE_BITS + 1);
  /** By code length: symbols whose codes are shorter. */
  private readonly shorter = new Uint16Array(MAX_CODE_BITS + 1);

  /** @param counts codes of 1 to 16 bits; @param symbols in the order of their codes */
  constructor(
    counts: Uint8Array,
    private readonly symbols: Uint8Array,
  ) {
    let next = 0;
    let at = 0;
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      const span = 1 << (MAX_CODE_BITS - length);
      this.shorter[length] = at;
      for (let i = 0; i < counts[length - 1]!; i++, next += span, at++) {
        if (length > SHORT_BITS) continue;
        const entry = (length << 8) | symbols[at]!;
        this.short.fill(entry, shortened(next), shortened(next + span));
      }
      if (next > 1 << MAX_CODE_BITS) throw corruptJpeg('a wrong Huffman table');
      this.ends[length] = next;
    }
  }

  /** @throws DomainError IMAGE_CORRUPT for bits that are no code */
  decode(bits: BitReader): number {
    const next = bits.peek16();
    const entry = this.short[shortened(next)]!;
    if (entry === 0) return this.decodeLong(bits, next);
    bits.skip(entry >> 8);
    return entry & 0xff;
  }

  /**
   * Of an AC table, by the next SHORT_BITS bits: the code that begins them together with the coefficient behind it, where
   * they hold both: its value << 16 | zeros before it << 8 | bits of both; else 0.
   */
  coefficients(): Int32Array {
    const coefficients = new Int32Array(1 << SHORT_BITS);
    for (const [bits, entry] of this.short.entries()) {
      const size = entry & 15;
      const taken = (entry >> 8) + size;
      if (size === 0 || taken > SHORT_BITS) continue;
      const value = extended((bits >> (SHORT_BITS - taken)) & ((1 << size) - 1), size);
      coefficients[bits] = (value << 16) | ((entry & 0xf0) << 4) | taken;
    }
    return coefficients;
  }

  private decodeLong(bits: BitReader, next: number): number {
    for (let length = SHORT_BITS + 1; length <= MAX_CODE_BITS; length++) {
      if (next >= this.ends[length]!) continue;
      bits.skip(length);
      const number = (next - this.ends[length - 1]!) >> (MAX_CODE_BITS - length);
      return this.symbols[this.shorter[length]! + number]!;
    }
    throw corruptJpeg('the pixels are not valid');
  }
}

const shortened = (bits: number): number => bits >> (MAX_CODE_BITS - SHORT_BITS);
