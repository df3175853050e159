import { crc32, deflateSync } from 'node:zlib';
import { decodePng } from './png';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

function ihdr({ width = 64, height = 64, depth = 8, colour = 0, interlace = 0 }): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  data.set([depth, colour, 0, 0, interlace], 8);
  return chunk('IHDR', data);
}

/** 64 x 64 pixels of the same bytes, without filters. */
function plain(
  pixel: number[],
  { row = [0, ...Array<number[]>(64).fill(pixel).flat()], rows = 64 } = {},
): Buffer {
  return chunk('IDAT', deflateSync(Buffer.from(Array<number[]>(rows).fill(row).flat())));
}

const IEND = chunk('IEND', Buffer.alloc(0));
const png = (...chunks: Buffer[]): Buffer => Buffer.concat([SIGNATURE, ...chunks, IEND]);
const failure = (code: string): Error => expect.objectContaining({ code }) as Error;
const firstPixel = (file: Buffer): number[] => {
  const { data, channels } = decodePng(file).image;
  return [...data.subarray(0, channels)];
};

describe('decodePng [R-02]', () => {
  it.each([
    ['grey 8', 8, 0, [51], [0.2]],
    ['grey 16', 16, 0, [0x33, 0x33], [0.2]],
    ['RGB 8', 8, 2, [0, 51, 255], [0, 0.2, 1]],
    ['RGB 16', 16, 2, [0, 0, 0x33, 0x33, 255, 255], [0, 0.2, 1]],
    ['opaque grey and alpha 8', 8, 4, [51, 255], [0.2]],
    ['opaque RGB and alpha 16', 16, 6, [0, 0, 0x33, 0x33, 255, 255, 255, 255], [0, 0.2, 1]],
  ])('reads %s as unit values', (_name, depth, colour, pixel, units) => {
    expect(firstPixel(png(ihdr({ depth, colour }), plain(pixel)))).toEqual(units.map(Math.fround));
  });

  it('reads a palette', () => {
    const palette = chunk('PLTE', Buffer.from([9, 9, 9, 0, 51, 255]));
    expect(firstPixel(png(ihdr({ colour: 3 }), palette, plain([1])))).toEqual([0, 0.2, 1].map(Math.fround));
    expect(() => decodePng(png(ihdr({ colour: 3 }), palette, plain([2])))).toThrow(failure('IMAGE_CORRUPT'));
    expect(() => decodePng(png(ihdr({ colour: 3 }), plain([0])))).toThrow(failure('IMAGE_CORRUPT'));
  });

  it('refuses pixels that are not opaque, however they say so', () => {
    const key = chunk('tRNS', Buffer.from([0, 51]));
    const palette = chunk('PLTE', Buffer.from([9, 9, 9, 0, 51, 255]));
    const alphas = chunk('tRNS', Buffer.from([255, 254]));
    const transparent = [
      png(ihdr({ colour: 4 }), plain([51, 254])),
      png(ihdr({ depth: 16, colour: 6 }), plain([0, 0, 0, 0, 0, 0, 255, 254])),
      png(ihdr({}), key, plain([51])),
      png(ihdr({ colour: 3 }), palette, alphas, plain([1])),
    ];
    for (const file of transparent)
      expect(() => decodePng(file)).toThrow(failure('IMAGE_CHANNELS_UNSUPPORTED'));
    expect(firstPixel(png(ihdr({}), key, plain([0])))).toEqual([0]);
    expect(firstPixel(png(ihdr({ colour: 3 }), palette, alphas, plain([0])))).toHaveLength(3);
  });

  it.each([
    [63, 64, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [2049, 2048, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [0, 64, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [65_535, 65_535, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [4_294_967_295, 4_294_967_295, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [64, 129, 'IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS'],
  ])('[R-03] refuses %d x %d by its header alone', (width, height, code) => {
    expect(() => decodePng(png(ihdr({ width, height })))).toThrow(failure(code));
  });

  it('refuses a decompression bomb without inflating it', () => {
    const bomb = chunk('IDAT', deflateSync(Buffer.alloc(200_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodePng(png(ihdr({}), bomb))).toThrow(failure('IMAGE_CORRUPT'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  it.each([
    ['missing pixels', png(ihdr({}), plain([0], { rows: 63 }))],
    ['pixels beyond the last', png(ihdr({}), plain([0], { rows: 65 }))],
    ['an unknown filter', png(ihdr({}), plain([0], { row: [5, ...Array<number>(64).fill(0)] }))],
    ['no pixels', png(ihdr({}))],
    ['bytes after the end', Buffer.concat([png(ihdr({}), plain([0])), Buffer.alloc(1)])],
    ['divided pixel data', png(ihdr({}), plain([0]), chunk('tEXt', Buffer.alloc(1)), plain([0]))],
    ['an unknown critical chunk', png(ihdr({}), chunk('ABCD', Buffer.alloc(1)), plain([0]))],
    [
      'a second palette',
      png(ihdr({ colour: 3 }), ...Array<Buffer>(2).fill(chunk('PLTE', Buffer.alloc(3))), plain([0])),
    ],
    ['a header that is not the first', png(plain([0]), ihdr({}))],
    ['a second header', png(ihdr({}), ihdr({}), plain([0]))],
    ['a colour type that does not exist', png(ihdr({ colour: 1 }), plain([0]))],
    ['a depth that does not exist', png(ihdr({ depth: 3 }), plain([0]))],
    ['an interlacing that does not exist', png(ihdr({ interlace: 2 }), plain([0]))],
  ])('refuses %s', (_name, file) => {
    expect(() => decodePng(file)).toThrow(failure('IMAGE_CORRUPT'));
  });

  it('says what it does not support', () => {
    const animated = png(ihdr({}), chunk('acTL', Buffer.alloc(8)), plain([0]));
    expect(() => decodePng(animated)).toThrow(failure('IMAGE_FORMAT_UNSUPPORTED'));
  });

  it('reads samples of less than a byte', () => {
    // 64 pixels of 2 bits: 0, 1, 2, 3 and again.
    const row = [0, ...Array<number>(16).fill(0b00011011)];
    expect([...decodePng(png(ihdr({ depth: 2 }), plain([], { row }))).image.data.subarray(0, 5)]).toEqual(
      [0, 1 / 3, 2 / 3, 1, 0].map(Math.fround),
    );
  });

  it('tells what it does not apply, and turns upright', () => {
    const gamma = chunk('gAMA', Buffer.from([0, 0, 177, 143]));
    const exif = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
    const rows = Array.from({ length: 64 }, (_, y) => [0, ...Array<number>(80).fill(y * 4)]).flat();
    const idat = chunk('IDAT', deflateSync(Buffer.from(rows)));
    const { image, orientation, not_applied } = decodePng(
      png(ihdr({ width: 80 }), gamma, chunk('eXIf', exif), idat),
    );
    expect(not_applied).toEqual(['gAMA']);
    expect(orientation).toEqual({ exif: 6, applied: true });
    // The first row as stored is the last column.
    expect([image.width, image.height, image.data[63], image.data[0]]).toEqual([
      64,
      80,
      0,
      Math.fround(252 / 255),
    ]);
  });

  it('skips ancillary chunks, compressed ones unread', () => {
    const profile = chunk(
      'iCCP',
      Buffer.concat([Buffer.from('p\0\0'), deflateSync(Buffer.alloc(100_000_000))]),
    );
    expect(firstPixel(png(ihdr({}), profile, chunk('tEXt', Buffer.from('a\0b')), plain([255])))).toEqual([1]);
  });
});
