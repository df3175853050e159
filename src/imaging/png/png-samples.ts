import { deflateSync, inflateSync } from 'node:zlib';
import { decode } from 'fast-png';
import { corruptPng, type PngContainer, type PngHeader } from './png-container';

/** PNG, 3rd edition, 8.1: [first column, first row, column step, row step] of each Adam7 pass. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

const IEND = chunk('IEND', new Uint8Array(0));

/**
 * Row-major samples as the file holds them, 8 or 16 bits each.
 *
 * fast-png inflates without limit, takes missing pixels for zero and ignores the Adler-32 checksum; so the stream is
 * inflated here, to exactly the size the header asks for, and fast-png gets it uncompressed, to undo filters and
 * interlacing.
 * @throws DomainError IMAGE_CORRUPT
 */
export function readPngSamples({ header, ihdr, idat }: PngContainer): Uint8Array | Uint16Array {
  const filtered = inflate(Buffer.concat(idat), filteredBytes(header));
  const stored = deflateSync(filtered, { level: 0 });
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  try {
    const { data } = decode(Buffer.concat([signature, ihdr, chunk('IDAT', stored), IEND]));
    return data instanceof Uint16Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
  } catch {
    throw corruptPng('an unknown filter');
  }
}

function inflate(stream: Uint8Array, size: number): Buffer {
  let inflated: Buffer;
  try {
    inflated = inflateSync(stream, { maxOutputLength: size });
  } catch {
    throw corruptPng('the pixel data cannot be inflated to the size in the header');
  }
  if (inflated.length !== size) throw corruptPng('pixels are missing');
  return inflated;
}

/** Every row of every pass has one byte for its filter; a pass without columns has no rows. */
function filteredBytes({ width, height, channels, depth, interlaced }: PngHeader): number {
  const pixelBytes = (channels * depth) / 8;
  return (interlaced ? ADAM7 : WHOLE).reduce((total, [x, y, xStep, yStep]) => {
    const columns = Math.ceil((width - x) / xStep);
    const rows = Math.ceil((height - y) / yStep);
    return total + (columns > 0 ? rows * (1 + columns * pixelBytes) : 0);
  }, 0);
}

/** Without a valid CRC: fast-png does not look at it unless asked. */
function chunk(type: string, data: Uint8Array): Buffer {
  const frame = Buffer.alloc(data.length + 12);
  frame.writeUInt32BE(data.length, 0);
  frame.write(type, 4, 'latin1');
  frame.set(data, 8);
  return frame;
}
