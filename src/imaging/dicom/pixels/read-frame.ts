import { asUnsigned, type Codestream, readCodestream } from '../codecs/jpeg-2000-codestream';
import { decodeJpeg, type JpegImage } from '../codecs/jpeg/jpeg';
import { readJpegLsHeader } from '../codecs/jpeg-ls-header';
import { decodeRle } from '../codecs/rle';
import { decodeWithWasm, type WasmDecoded } from '../codecs/wasm-codec';
import { corruptDicom, invalidAttribute } from '../dicom-errors';
import type { Part10File } from '../file/part10';
import { encapsulatedFrame, nativeFrame } from './frame-bytes';
import type { ImagePixel } from './image-pixel';
import { interleaved, nativeSamples } from './native-samples';

const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const JPEG_LS_LOSSLESS = '1.2.840.10008.1.2.4.80';
const J2K_LOSSY = ['1.2.840.10008.1.2.4.91', '1.2.840.10008.1.2.4.203'];

/**
 * The pixel cells of a frame as they are stored, before any meaning: row-major, channels last. Colour is in the space
 * that Photometric Interpretation names, but YBR_RCT and YBR_ICT, which are RGB by now.
 * @param frame 1-based
 * @throws DomainError IMAGE_CORRUPT, IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED
 */
export async function readFrame(file: Part10File, pixel: ImagePixel, frame: number): Promise<Uint16Array> {
  const { dataSet, syntax } = file;
  const { compression, uid } = syntax;
  if (compression === 'none') {
    const { bytes, vr } = nativeFrame(dataSet, pixel, frame);
    return nativeSamples(bytes, pixel, syntax.littleEndian, vr);
  }
  const bytes = encapsulatedFrame(dataSet, pixel.frames, frame, compression);
  switch (compression) {
    case 'rle':
      return decodeRle(bytes, pixel);
    case 'jpeg':
    case 'jpeg-lossless':
      return fromJpeg(bytes, pixel, compression === 'jpeg-lossless', uid);
    case 'jpeg-ls':
      return fromJpegLs(bytes, pixel, uid);
    case 'jpeg-2000':
    case 'htj2k':
      break;
  }
  return fromJpeg2000(bytes, pixel, compression, uid);
}

function fromJpeg(bytes: Uint8Array, pixel: ImagePixel, lossless: boolean, uid: string): Uint16Array {
  if (!lossless && pixel.signed)
    throw invalidAttribute('PixelRepresentation', 'lossy JPEG has no signed samples');
  const { samples, precision, colour } = decodeJpeg(bytes, lossless, (found) => {
    assertFrame(found, pixel);
    if (uid === JPEG_BASELINE && found.precision !== 8)
      throw corruptDicom('more than 8 bits in JPEG Baseline');
  });
  assertColour(colour, pixel);
  assertFits(samples, pixel, precision);
  return samples;
}

async function fromJpegLs(bytes: Uint8Array, pixel: ImagePixel, uid: string): Promise<Uint16Array> {
  const header = readJpegLsHeader(bytes);
  assertFrame(header, pixel);
  if (uid === JPEG_LS_LOSSLESS && header.near !== 0)
    throw corruptDicom('near-lossless data in a lossless transfer syntax');
  const samples = cellsOf(await decodeWithWasm('jpeg-ls', bytes), pixel, header.precision);
  assertFits(samples, pixel, header.precision);
  return samples;
}

async function fromJpeg2000(
  bytes: Uint8Array,
  pixel: ImagePixel,
  codec: 'jpeg-2000' | 'htj2k',
  uid: string,
): Promise<Uint16Array> {
  const header = readCodestream(bytes);
  assertFrame(header, pixel);
  if (header.signed !== pixel.signed) {
    throw invalidAttribute('PixelRepresentation', 'the compressed pixels have another sign');
  }
  if (!header.reversible && !J2K_LOSSY.includes(uid))
    throw corruptDicom('lossy data in a lossless transfer syntax');
  assertTransform(header, pixel);
  const encoded = header.signed ? asUnsigned(bytes, header) : bytes;
  const samples = cellsOf(await decodeWithWasm(codec, encoded), pixel, header.precision);
  if (header.signed) toggleSign(samples, header.precision);
  assertFits(samples, pixel, header.precision);
  return samples;
}

/** The decoder's word against the header; before it starts, and again for what it gives. */
function assertFrame(
  found: Pick<JpegImage, 'width' | 'height' | 'components' | 'precision'>,
  pixel: ImagePixel,
): void {
  if (found.width !== pixel.width)
    throw invalidAttribute('Columns', 'the compressed pixels have another width');
  if (found.height !== pixel.height)
    throw invalidAttribute('Rows', 'the compressed pixels have another height');
  if (found.components !== pixel.samples) {
    throw invalidAttribute('SamplesPerPixel', 'the compressed pixels have another number of components');
  }
  if (found.precision < pixel.bitsStored || found.precision > pixel.bitsAllocated) {
    throw invalidAttribute('BitsStored', 'the compressed pixels have another precision');
  }
}

/** A JFIF or Adobe marker and the header must not name different colours: which is right cannot be known. */
function assertColour(colour: JpegImage['colour'], { samples, photometric }: ImagePixel): void {
  if (samples === 1 || colour === undefined || (colour === 'rgb') === (photometric === 'RGB')) return;
  throw invalidAttribute(
    'PhotometricInterpretation',
    'the markers of the JPEG data name another colour space',
  );
}

/** PS3.5 8.2.4. RGB with a component transformation is wrong but means RGB all the same. */
function assertTransform({ transformed }: Codestream, { photometric }: ImagePixel): void {
  const expected = photometric === 'YBR_RCT' || photometric === 'YBR_ICT';
  if (transformed === expected || (transformed && photometric === 'RGB')) return;
  throw invalidAttribute(
    'PhotometricInterpretation',
    'does not fit the component transformation of the JPEG 2000 data',
  );
}

function cellsOf({ frame, bytes, planar }: WasmDecoded, pixel: ImagePixel, precision: number): Uint16Array {
  const components = frame.componentCount;
  assertFrame({ ...frame, components, precision: frame.bitsPerSample }, pixel);
  const wide = precision > 8;
  if (
    frame.bitsPerSample !== precision ||
    bytes.length !== pixel.width * pixel.height * components * (wide ? 2 : 1)
  ) {
    throw corruptDicom('its decoder gave another number of pixels');
  }
  const cells = wide
    ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    : new Uint16Array(bytes);
  return planar && components > 1 ? interleaved(cells, components) : cells;
}

/** Samples that are 2^(precision - 1) too large → two's complement. */
function toggleSign(cells: Uint16Array, precision: number): void {
  for (let i = 0; i < cells.length; i++) cells[i]! ^= 1 << (precision - 1);
}

/**
 * Data of a greater precision than Bits Stored may not use it, but to extend the sign.
 * @param width bits that a cell fills
 */
function assertFits(cells: Uint16Array, { bitsStored, signed }: ImagePixel, width: number): void {
  const extension = ((1 << width) - 1) >> (bitsStored - 1);
  if (extension === 1) return;
  for (const cell of cells) {
    if (cell >> bitsStored === 0 || (signed && cell >> (bitsStored - 1) === extension)) continue;
    throw invalidAttribute('BitsStored', 'the compressed pixels have more bits');
  }
}
