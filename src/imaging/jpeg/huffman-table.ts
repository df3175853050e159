import type { BitReader } from './bit-reader';
import { corruptJpeg } from './jpeg-errors';

const MAX_CODE_BITS = 16;

/** A table of T.81 annex C, as one look-up of the next 16 bits. */
export class HuffmanTable {
  /** Code length in the high byte, symbol in the low one; 0 where no code begins like this. */
  private readonly entries = new Uint16Array(1 << MAX_CODE_BITS);

  /** @param counts codes of 1 to 16 bits; @param symbols in the order of their codes */
  constructor(counts: Uint8Array, symbols: Uint8Array) {
    let next = 0;
    let at = 0;
    for (const [index, count] of counts.entries()) {
      const span = 1 << (MAX_CODE_BITS - 1 - index);
      for (let i = 0; i < count; i++, next += span) {
        this.entries.fill(((index + 1) << 8) | symbols[at++]!, next, next + span);
      }
      if (next > this.entries.length) throw corruptJpeg('a wrong Huffman table');
    }
  }

  /** @throws DomainError IMAGE_CORRUPT for bits that are no code */
  decode(bits: BitReader): number {
    const entry = this.entries[bits.peek16()]!;
    if (entry === 0) throw corruptJpeg('the pixels are not valid');
    bits.skip(entry >> 8);
    return entry & 0xff;
  }
}
