import { DomainError } from '../../../errors/domain.error';
import { corruptDicom, invalidAttribute } from '../dicom-errors';
import type { DataSet, Fragment } from '../file/data-set';
import type { Compression } from '../file/transfer-syntaxes';
import type { ImagePixel } from './image-pixel';

/** JPEG, JPEG-LS and JPEG 2000 alike end with it (EOI, EOC). */
const END_MARKER = [0xff, 0xd9];

/**
 * Which frame is meant; never a guess.
 * @throws DomainError IMAGE_FRAME_REQUIRED, IMAGE_FRAME_OUT_OF_RANGE
 */
export function chooseFrame(frame: number | undefined, frames: number): number {
  if (frame === undefined && frames > 1) {
    throw new DomainError('IMAGE_FRAME_REQUIRED', `The file holds ${frames} frames`);
  }
  const chosen = frame ?? 1;
  if (chosen <= frames) return chosen;
  throw new DomainError('IMAGE_FRAME_OUT_OF_RANGE', `The file holds ${frames} frames`);
}

/**
 * The bytes of a frame, 1-based, of pixel data that is not compressed (PS3.5 8.1).
 * @throws DomainError IMAGE_CORRUPT unless the pixel data is exactly as long as all frames are, padded to even length
 */
export function nativeFrame(
  dataSet: DataSet,
  { width, height, samples, bitsAllocated, frames, photometric }: ImagePixel,
  frame: number,
): { bytes: Uint8Array; vr?: string } {
  const value = dataSet.value('PixelData');
  if (value === undefined || !('bytes' in value)) throw corruptDicom('the pixel data is encapsulated');
  const subsampled = photometric === 'YBR_FULL_422';
  if (subsampled && width % 2 !== 0) throw invalidAttribute('Columns', 'odd in YBR_FULL_422');
  const length = width * height * (subsampled ? 2 : samples) * (bitsAllocated / 8);
  const all = length * frames;
  if (value.bytes.length !== all + (all % 2)) {
    throw corruptDicom('the pixel data is not as long as rows, columns and frames make it');
  }
  return { bytes: value.bytes.subarray((frame - 1) * length, frame * length), vr: value.vr };
}

/**
 * The bytes of a frame, 1-based, of encapsulated pixel data (PS3.5 A.4): by the Extended Offset Table or the Basic
 * Offset Table where there is one, else by counting fragments, else by their end markers.
 * @throws DomainError IMAGE_CORRUPT
 */
export function encapsulatedFrame(
  dataSet: DataSet,
  frames: number,
  frame: number,
  compression: Compression,
): Uint8Array {
  const value = dataSet.value('PixelData');
  if (value === undefined || !('fragments' in value))
    throw corruptDicom('the pixel data is not encapsulated');
  const [basic, ...fragments] = value.fragments;
  if (basic === undefined || fragments.length < frames)
    throw corruptDicom('there are more frames than fragments');
  const groups = groupFragments(dataSet, basic, fragments, frames);
  const chosen = groups[frame - 1]!;
  if (compression === 'rle' && chosen.length > 1) throw corruptDicom('an RLE frame in several fragments');
  const bytes = concatenate(chosen);
  return withinExtendedLength(dataSet, frame, bytes);
}

function groupFragments(
  dataSet: DataSet,
  basic: Fragment,
  fragments: readonly Fragment[],
  frames: number,
): Fragment[][] {
  const extended = unsigned64(dataSet, 'ExtendedOffsetTable');
  const offsets = extended ?? unsigned32(basic.bytes);
  if (offsets.length > 0) {
    if (extended !== undefined && basic.bytes.length > 0) throw corruptDicom('it has two offset tables');
    return byOffsets(fragments, offsets, frames);
  }
  if (frames === 1) return [[...fragments]];
  if (frames === fragments.length) return fragments.map((fragment) => [fragment]);
  return byEndMarkers(fragments, frames);
}

function byOffsets(fragments: readonly Fragment[], offsets: readonly number[], frames: number): Fragment[][] {
  if (offsets.length !== frames || offsets[0] !== 0)
    throw corruptDicom('the offset table does not fit the frames');
  const groups: Fragment[][] = [];
  for (const fragment of fragments) {
    if (fragment.offset === offsets[groups.length]) groups.push([]);
    groups.at(-1)!.push(fragment);
  }
  if (groups.length !== frames) throw corruptDicom('the offset table does not point to fragments');
  return groups;
}

function byEndMarkers(fragments: readonly Fragment[], frames: number): Fragment[][] {
  const groups: Fragment[][] = [[]];
  for (const fragment of fragments) {
    groups.at(-1)!.push(fragment);
    if (endsWithMarker(fragment.bytes)) groups.push([]);
  }
  if (groups.pop()!.length === 0 && groups.length === frames) return groups;
  throw corruptDicom('it cannot be told which fragments make a frame');
}

/** The marker, or the marker and a byte that makes the length even. */
export function endsWithMarker(bytes: Uint8Array): boolean {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  return bytes[end - 2] === END_MARKER[0] && bytes[end - 1] === END_MARKER[1];
}

function concatenate(fragments: readonly Fragment[]): Uint8Array {
  const [only] = fragments;
  if (fragments.length === 1 && only) return only.bytes;
  return Buffer.concat(fragments.map(({ bytes }) => bytes));
}

/** PS3.3 C.7.6.3.1.9: the length of each frame without the byte that makes it even. */
function withinExtendedLength(dataSet: DataSet, frame: number, bytes: Uint8Array): Uint8Array {
  const lengths = unsigned64(dataSet, 'ExtendedOffsetTableLengths');
  if (lengths === undefined) return bytes;
  const length = lengths[frame - 1];
  if (length === bytes.length || length === bytes.length - 1) return bytes.subarray(0, length);
  throw corruptDicom('the extended offset table has wrong lengths');
}

function unsigned32(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0) throw corruptDicom('the offset table is not made of 32-bit numbers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function unsigned64(
  dataSet: DataSet,
  keyword: 'ExtendedOffsetTable' | 'ExtendedOffsetTableLengths',
): number[] | undefined {
  const bytes = dataSet.bytes(keyword);
  if (bytes === undefined) return undefined;
  if (bytes.length % 8 !== 0) throw invalidAttribute(keyword, 'not made of 64-bit numbers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigUint64(8 * i, true)));
}
