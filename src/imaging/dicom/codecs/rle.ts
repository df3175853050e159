import { corruptDicom } from '../dicom-errors';
import type { ImagePixel } from '../pixels/image-pixel';

/** PS3.5 G.5: the number of segments, then 15 offsets, all 32 bits. */
const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;

/**
 * RLE Lossless (PS3.5 annex G). A segment holds one byte of every sample of one component, high bytes first.
 * @throws DomainError IMAGE_CORRUPT unless every segment gives exactly as many bytes as there are pixels
 */
export function decodeRle(
  bytes: Uint8Array,
  { width, height, samples, bitsAllocated }: ImagePixel,
): Uint16Array {
  const pixels = width * height;
  const bytesASample = bitsAllocated / 8;
  const segments = splitSegments(bytes, samples * bytesASample);
  const decoded = new Uint16Array(pixels * samples);
  for (const [i, segment] of segments.entries()) {
    const shift = 8 * (bytesASample - 1 - (i % bytesASample));
    decodeSegment(segment, pixels, decoded, { start: Math.floor(i / bytesASample), step: samples, shift });
  }
  return decoded;
}

function splitSegments(bytes: Uint8Array, expected: number): Uint8Array[] {
  if (bytes.length < HEADER_BYTES) throw corruptDicom('the RLE data ends early');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (expected > MAX_SEGMENTS || view.getUint32(0, true) !== expected) {
    throw corruptDicom('the RLE data has another number of segments than its header makes it');
  }
  const offsets = Array.from({ length: expected }, (_, i) => view.getUint32(4 + 4 * i, true));
  return offsets.map((offset, i) => {
    const end = offsets[i + 1] ?? bytes.length;
    const expectedStart = i === 0 ? offset === HEADER_BYTES : true;
    if (!expectedStart || offset >= end || end > bytes.length)
      throw corruptDicom('the RLE offsets are wrong');
    return bytes.subarray(offset, end);
  });
}

/** PS3.5 G.3.2; a byte may follow that makes the length even. */
function decodeSegment(
  segment: Uint8Array,
  pixels: number,
  target: Uint16Array,
  { start, step, shift }: { start: number; step: number; shift: number },
): void {
  let offset = 0;
  let to = start;
  const end = start + pixels * step;
  while (to < end) {
    const control = segment[offset++];
    if (control === undefined) throw corruptDicom('an RLE segment ends early');
    if (control === 128) continue;
    const run = control > 128;
    const count = run ? 257 - control : control + 1;
    if (offset + (run ? 1 : count) > segment.length || to + count * step > end) {
      throw corruptDicom('an RLE segment does not fit the pixels');
    }
    for (let i = 0; i < count; i++, to += step) {
      target[to] = target[to]! | (segment[run ? offset : offset + i]! << shift);
    }
    offset += run ? 1 : count;
  }
  if (segment.length - offset > 1) throw corruptDicom('an RLE segment holds more pixels than there are');
}
