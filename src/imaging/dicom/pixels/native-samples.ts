import { corruptDicom } from '../dicom-errors';
import type { ImagePixel } from './image-pixel';

/**
 * Pixel cells of a frame that is not compressed (PS3.5 8.1.1 and annex A), row-major, channels last.
 * @param vr of Pixel Data: with OW, 8-bit samples stand in 16-bit words, which big endian turns round
 */
export function nativeSamples(
  bytes: Uint8Array,
  { bitsAllocated, planar, photometric, samples }: ImagePixel,
  littleEndian: boolean,
  vr: string | undefined,
): Uint16Array {
  const ordered =
    bitsAllocated === 16 ? words(bytes, littleEndian) : littleEndian || vr !== 'OW' ? bytes : swapped(bytes);
  if (photometric === 'YBR_FULL_422') return fullChroma(ordered);
  return planar ? interleaved(ordered, samples) : new Uint16Array(ordered);
}

/** The machine is little-endian. */
function words(bytes: Uint8Array, littleEndian: boolean): Uint16Array {
  const copy = new Uint8Array(bytes);
  if (!littleEndian) Buffer.from(copy.buffer).swap16();
  return new Uint16Array(copy.buffer);
}

function swapped(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 2 !== 0) throw corruptDicom('8-bit samples in 16-bit words do not fill the frame');
  return Buffer.from(bytes).swap16();
}

/** One component after the other → pixel after pixel (PS3.3 C.7.6.3.1.3). */
export function interleaved(planes: ArrayLike<number>, samples: number): Uint16Array {
  const pixels = planes.length / samples;
  const result = new Uint16Array(planes.length);
  for (let c = 0; c < samples; c++) {
    for (let i = 0, from = c * pixels, to = c; i < pixels; i++, to += samples) result[to] = planes[from + i]!;
  }
  return result;
}

/** Y Y B R for two pixels → Y B R Y B R (PS3.3 C.7.6.3.1.2). */
function fullChroma(bytes: ArrayLike<number>): Uint16Array {
  const result = new Uint16Array((bytes.length / 2) * 3);
  for (let from = 0, to = 0; from < bytes.length; from += 4, to += 6) {
    result[to] = bytes[from]!;
    result[to + 3] = bytes[from + 1]!;
    result[to + 1] = result[to + 4] = bytes[from + 2]!;
    result[to + 2] = result[to + 5] = bytes[from + 3]!;
  }
  return result;
}
