import { corruptDicom, unsupportedDicom } from '../dicom-errors';

/** ITU-T T.800, table A.2. */
const SOC = 0xff4f;
const SIZ = 0xff51;
const COD = 0xff52;
const SOT = 0xff90;
const EOC = 0xffd9;

const SIZ_FIXED_BYTES = 36;
/** Ssiz of the first component: SOC, the SIZ marker, its fixed part and Csiz come before. */
const FIRST_DEPTH = 4 + SIZ_FIXED_BYTES + 2;
const COD_BYTES = 10;
const SOT_BYTES = 12;
/** 64 x 64 in the largest image. */
const MAX_TILES = 1024;
const MAX_MARKERS = 1000;

export interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly precision: number;
  readonly signed: boolean;
  /** Multiple component transformation: the components are YBR_RCT or YBR_ICT, which the decoder undoes. */
  readonly transformed: boolean;
  readonly reversible: boolean;
}

/**
 * Reads the main header of a JPEG 2000 codestream (T.800 annex A) and walks its tile-parts up to the end marker, which
 * must be where their lengths say.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED
 */
export function readCodestream(bytes: Uint8Array): Codestream {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = <T>(read: (offset: number) => T, offset: number, size: number): T => {
    if (offset < 0 || offset + size > bytes.length) throw corruptDicom('the JPEG 2000 data ends early');
    return read(offset);
  };
  const u8 = (offset: number): number => at((o) => view.getUint8(o), offset, 1);
  const u16 = (offset: number): number => at((o) => view.getUint16(o), offset, 2);
  const u32 = (offset: number): number => at((o) => view.getUint32(o), offset, 4);

  if (u16(0) !== SOC || u16(2) !== SIZ)
    throw corruptDicom('the JPEG 2000 data does not start with its markers');
  const size = readSize(4, u8, u16, u32);
  let coding: { transformed: boolean; reversible: boolean } | undefined;
  let offset = 4 + u16(4);
  for (let markers = 0; u16(offset) !== SOT; markers++) {
    if (markers > MAX_MARKERS || u16(offset) < 0xff50) throw corruptDicom('a wrong JPEG 2000 header');
    if (u16(offset) === COD) coding = readCoding(offset + 2, u8, u16);
    offset += 2 + Math.max(u16(offset + 2), 2);
  }
  if (coding === undefined) throw corruptDicom('a wrong JPEG 2000 header');

  while (u16(offset) !== EOC) {
    if (u16(offset) !== SOT || u16(offset + 2) !== SOT_BYTES - 2)
      throw corruptDicom('a JPEG 2000 tile is not where it should be');
    if (u16(offset + 4) >= size.tiles) throw corruptDicom('a JPEG 2000 tile that does not exist');
    const length = u32(offset + 6);
    if (length !== 0 && length < SOT_BYTES + 2) throw corruptDicom('a JPEG 2000 tile of a wrong length');
    // 0: the last tile-part, which goes on to the end marker
    offset = length === 0 ? lastMarker(bytes) : offset + length;
  }
  if (bytes.length - offset - 2 > 1) throw corruptDicom('bytes after the end of the JPEG 2000 data');
  return { ...size, ...coding };
}

/**
 * A copy that calls its samples unsigned. They come out 2^(precision - 1) larger, because only unsigned samples are level
 * shifted (T.800 G.1), and nothing else changes: the decoders clip signed samples of 8 bits at 0.
 */
export function asUnsigned(bytes: Uint8Array, { components }: Codestream): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let c = 0; c < components; c++) copy[FIRST_DEPTH + 3 * c]! &= 0x7f;
  return copy;
}

type Read = (offset: number) => number;

function readSize(
  start: number,
  u8: Read,
  u16: Read,
  u32: Read,
): Omit<Codestream, 'transformed' | 'reversible'> & { tiles: number } {
  const [xEnd, yEnd, x, y] = [u32(start + 4), u32(start + 8), u32(start + 12), u32(start + 16)];
  const [tileWidth, tileHeight] = [u32(start + 20), u32(start + 24)];
  const [tileX, tileY] = [u32(start + 28), u32(start + 32)];
  const components = u16(start + SIZ_FIXED_BYTES);
  if (components < 1 || components > 4 || u16(start) !== SIZ_FIXED_BYTES + 2 + 3 * components) {
    throw corruptDicom('a wrong JPEG 2000 header');
  }
  if (x >= xEnd || y >= yEnd || tileWidth === 0 || tileHeight === 0 || tileX > x || tileY > y) {
    throw corruptDicom('a wrong JPEG 2000 header');
  }
  const tiles = Math.ceil((xEnd - tileX) / tileWidth) * Math.ceil((yEnd - tileY) / tileHeight);
  if (tiles > MAX_TILES) throw unsupportedDicom('JPEG 2000 with so many tiles');
  const depth = u8(FIRST_DEPTH);
  for (let c = 0; c < components; c++) {
    const component = FIRST_DEPTH + 3 * c;
    if (u8(component) !== depth) throw unsupportedDicom('JPEG 2000 with components of different depth');
    if (u8(component + 1) !== 1 || u8(component + 2) !== 1) throw unsupportedDicom('Subsampled JPEG 2000');
  }
  const [width, height] = [xEnd - x, yEnd - y];
  return { width, height, components, precision: (depth & 0x7f) + 1, signed: depth > 0x7f, tiles };
}

function readCoding(start: number, u8: Read, u16: Read): { transformed: boolean; reversible: boolean } {
  if (u16(start) < COD_BYTES + 2) throw corruptDicom('a wrong JPEG 2000 header');
  const [transformed, wavelet] = [u8(start + 6), u8(start + 11)];
  if (transformed > 1 || wavelet > 1) throw corruptDicom('a wrong JPEG 2000 header');
  return { transformed: transformed === 1, reversible: wavelet === 1 };
}

function lastMarker(bytes: Uint8Array): number {
  return bytes.at(-1) === 0 ? bytes.length - 3 : bytes.length - 2;
}
