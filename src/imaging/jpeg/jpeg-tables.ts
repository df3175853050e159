import { HuffmanTable } from './huffman-table';
import { corruptJpeg } from './jpeg-errors';

/** The tables that stand when a scan begins; a later segment replaces a table of the same number. */
export class JpegTables {
  private readonly huffman = new Map<string, HuffmanTable>();
  private readonly quantisation = new Map<number, Uint16Array>();

  dc(number: number): HuffmanTable | undefined {
    return this.huffman.get(`0${number}`);
  }

  ac(number: number): HuffmanTable | undefined {
    return this.huffman.get(`1${number}`);
  }

  /** 64 divisors in zigzag order. */
  quantisationTable(number: number): Uint16Array | undefined {
    return this.quantisation.get(number);
  }

  /** T.81 B.2.4.2. */
  readHuffman(data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const [kind, number] = [data[at]! >> 4, data[at]! & 15];
      const counts = data.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const symbols = data.subarray(at + 17, at + 17 + total);
      if (kind > 1 || number > 3 || counts.length !== 16 || symbols.length !== total) {
        throw corruptJpeg('a wrong Huffman table');
      }
      this.huffman.set(`${kind}${number}`, new HuffmanTable(counts, symbols));
      at += 17 + total;
    }
  }

  /** T.81 B.2.4.1. */
  readQuantisation(data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const [wide, number] = [data[at]! >> 4, data[at]! & 15];
      const end = at + 1 + 64 * (wide + 1);
      if (wide > 1 || number > 3 || end > data.length) throw corruptJpeg('a wrong quantisation table');
      const values = data.subarray(at + 1, end);
      const table = Uint16Array.from({ length: 64 }, (_, i) =>
        wide === 0 ? values[i]! : values[2 * i]! * 256 + values[2 * i + 1]!,
      );
      if (table.includes(0)) throw corruptJpeg('a wrong quantisation table');
      this.quantisation.set(number, table);
      at = end;
    }
  }
}
