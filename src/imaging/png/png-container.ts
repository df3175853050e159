import { crc32 } from 'node:zlib';
import { DomainError } from '../../errors/domain.error';
import { assertSize } from '../bounds';

/** PNG, 3rd edition, 11.2.1: colour type → samples a pixel. */
const CHANNELS: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
export const PALETTE_COLOUR = 3;
/** PNG, 3rd edition, 11.2.1: colour type → bits a sample. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** May stand once, and before the pixels. */
const SINGLE = new Set(['PLTE', 'tRNS', 'gAMA', 'cHRM', 'iCCP', 'cICP']);
const COLOUR_SPACE = ['gAMA', 'cHRM', 'iCCP', 'cICP'];

/** 12 bytes each at least: without a bound a file of nothing but empty chunks costs seconds. */
const MAX_CHUNKS = 100_000;
const SIGNATURE_BYTES = 8;
const IHDR_BYTES = 13;
const CHUNK_OVERHEAD_BYTES = 12;

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colourType: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

export interface PngContainer {
  readonly header: PngHeader;
  readonly palette?: Uint8Array;
  readonly transparency?: Uint8Array;
  readonly exif?: Uint8Array;
  /** Names of chunks that ask for a change of colour. */
  readonly colourSpace: readonly string[];
  /** Compressed pixels, in pieces. */
  readonly idat: readonly Uint8Array[];
}

export const corruptPng = (reason: string): DomainError =>
  new DomainError('IMAGE_CORRUPT', `The PNG file is damaged: ${reason}`);

/**
 * Walks all chunks of a file that starts with the PNG signature, checking lengths, order and every CRC. The size in
 * IHDR is checked before anything is allocated.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS,
 * IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS
 */
export function readPngContainer(bytes: Uint8Array): PngContainer {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = readChunk(file, SIGNATURE_BYTES);
  if (first.type !== 'IHDR' || first.data.length !== IHDR_BYTES) throw corruptPng('no header');
  const header = readHeader(first.data);
  assertSize(header.width, header.height);

  const idat: Buffer[] = [];
  const found = new Map<string, Buffer>();
  let previous = 'IHDR';
  let offset = first.end;
  for (let chunks = 0; previous !== 'IEND'; chunks++) {
    const { type, data, end } = readChunk(file, offset);
    if (chunks > MAX_CHUNKS) throw corruptPng('too many chunks');
    if (type === 'IDAT') {
      if (idat.length > 0 && previous !== 'IDAT') throw corruptPng('the pixel data is not contiguous');
      idat.push(data);
    } else if (SINGLE.has(type) || type === 'eXIf') {
      if ((idat.length > 0 && type !== 'eXIf') || found.has(type)) throw corruptPng(`${type} is misplaced`);
      found.set(type, data);
    } else if (type === 'acTL') {
      throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', 'Animated PNG is not supported');
    } else if (type !== 'IEND' && isCritical(type)) {
      throw corruptPng('an unknown critical chunk');
    }
    previous = type;
    offset = end;
  }
  if (offset !== file.length) throw corruptPng('bytes after the end');
  if (idat.length === 0) throw corruptPng('no pixel data');
  return {
    header,
    palette: found.get('PLTE'),
    transparency: found.get('tRNS'),
    exif: found.get('eXIf'),
    colourSpace: COLOUR_SPACE.filter((type) => found.has(type)),
    idat,
  };
}

function readChunk(file: Buffer, offset: number): { type: string; data: Buffer; end: number } {
  if (offset + CHUNK_OVERHEAD_BYTES > file.length) throw corruptPng('it ends early');
  const length = file.readUInt32BE(offset);
  const end = offset + CHUNK_OVERHEAD_BYTES + length;
  if (end > file.length) throw corruptPng('it ends early');
  if (crc32(file.subarray(offset + 4, end - 4)) !== file.readUInt32BE(end - 4)) throw corruptPng('wrong CRC');
  return {
    type: file.toString('latin1', offset + 4, offset + 8),
    data: file.subarray(offset + 8, end - 4),
    end,
  };
}

function readHeader(ihdr: Buffer): PngHeader {
  const [depth = 0, colourType = 0, compression, filter, interlace] = ihdr.subarray(8);
  const channels = CHANNELS[colourType];
  if (channels === undefined || compression !== 0 || filter !== 0 || (interlace !== 0 && interlace !== 1)) {
    throw corruptPng('the header is not valid');
  }
  if (!DEPTHS[colourType]?.includes(depth)) throw corruptPng('the bit depth is not valid');
  return {
    width: ihdr.readUInt32BE(0),
    height: ihdr.readUInt32BE(4),
    depth,
    colourType,
    channels,
    interlaced: interlace === 1,
  };
}

/** PNG, 3rd edition, 5.4: bit 5 of the first byte is clear in a chunk that cannot be ignored. */
const isCritical = (type: string): boolean => (type.charCodeAt(0) & 0x20) === 0;
