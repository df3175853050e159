import type { ImagePixel } from '../pixels/image-pixel';
import { decodeRle } from './rle';

const PIXEL: ImagePixel = {
  width: 3,
  height: 2,
  samples: 1,
  photometric: 'MONOCHROME2',
  planar: false,
  frames: 1,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: false,
};

function rle(...segments: number[][]): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let offset = 64;
  for (const [i, segment] of segments.entries()) {
    header.writeUInt32LE(offset, 4 + 4 * i);
    offset += segment.length;
  }
  return Buffer.concat([header, ...segments.map((segment) => Buffer.from(segment))]);
}

/** 6 bytes: a run of 4, a literal of 2; a no-op between them and one byte of padding. */
const HIGH = [0xfd, 0x12, 0x80, 0x01, 0x34, 0x56];
const LOW = [0x05, 1, 2, 3, 4, 5, 6, 0];

describe('decodeRle (PS3.5 annex G)', () => {
  it('puts high bytes, runs and literals together', () => {
    expect([...decodeRle(rle(HIGH, LOW), PIXEL)]).toEqual([0x1201, 0x1202, 0x1203, 0x1204, 0x3405, 0x5606]);
  });

  it.each([
    ['a segment too few', rle(HIGH)],
    ['a segment too many', rle(HIGH, LOW, LOW)],
    ['a segment that ends early', rle(HIGH, [0x05, 1, 2, 3])],
    ['a run that does not fit', rle([0xf0, 0x12], LOW)],
    ['more pixels than there are', rle(HIGH, [...LOW, 0x00, 0x07])],
    ['a header that ends early', rle(HIGH, LOW).subarray(0, 63)],
    ['nothing behind the header', rle(HIGH, LOW).subarray(0, 64)],
    ['an offset past the end', rle(HIGH, LOW).fill(0xff, 8, 12)],
    ['an offset inside the header', rle(HIGH, LOW).fill(0, 4, 8)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeRle(bytes, PIXEL)).toThrow(
      expect.objectContaining({ code: 'IMAGE_CORRUPT' }) as Error,
    );
  });
});
