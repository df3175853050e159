import { DomainError } from '../../src/errors/domain.error';
import type { RenderedImage } from '../../src/imaging/image';
import { decodeJpeg } from '../../src/imaging/jpeg/jpeg';
import { decodePng } from '../../src/imaging/png/png';
import { type DecodedReference, fixture, randomNumbers, references, samplesOf } from './fixtures';

const jpegs = references('jpeg.json') as DecodedReference[];
const pngs = references('png.json') as DecodedReference[];
const MUTANTS = 60;

const decode = (file: string, bytes: Uint8Array): RenderedImage =>
  file.endsWith('.png') ? decodePng(bytes) : decodeJpeg(bytes);
const failure = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('files of other encoders, sample by sample as other decoders read them [R-02]', () => {
  it.each([...jpegs, ...pngs])('$file', ({ file, width, height, channels, depth, sha256 }) => {
    const { image } = decode(file, fixture(file));
    expect(image).toMatchObject({ width, height, channels });
    expect(samplesOf(image, depth)).toBe(sha256);
  });

  it('tells how a JPEG file was turned', () => {
    for (let exif = 1; exif <= 8; exif++) {
      const { orientation } = decodeJpeg(fixture(`exif-${exif}.jpg`));
      expect(orientation).toEqual({ exif, applied: exif > 1 });
    }
    expect(decodeJpeg(fixture('grey.jpg')).orientation).toBeUndefined();
  });
});

describe('JPEG files that are refused', () => {
  const grey = fixture('grey.jpg');
  const frame = grey.indexOf(Buffer.from([0xff, 0xc0]));
  const altered = (change: (file: Buffer) => void): Buffer => {
    const file = Buffer.from(grey);
    change(file);
    return file;
  };

  it.each([
    ['CMYK', fixture('refused-cmyk.jpg'), 'CMYK JPEG is not supported'],
    ['lossless', altered((file) => (file[frame + 1] = 0xc3)), 'Lossless JPEG is not supported'],
    [
      'arithmetic-coded',
      altered((file) => (file[frame + 1] = 0xc9)),
      'Arithmetic-coded or hierarchical JPEG is not supported',
    ],
    [
      '12 bits a sample',
      altered((file) => {
        file[frame + 1] = 0xc1;
        file[frame + 4] = 12;
      }),
      'JPEG with 12 bits a sample is not supported',
    ],
  ])('%s', (_kind, file, detail) => {
    expect(() => decodeJpeg(file)).toThrow(
      expect.objectContaining({ code: 'IMAGE_FORMAT_UNSUPPORTED', detail }) as Error,
    );
  });

  it('[R-03] 65,535 x 65,535 pixels, by the header alone', () => {
    const bomb = altered((file) => file.fill(0xff, frame + 5, frame + 9));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeJpeg(bomb)).toThrow(failure('IMAGE_DIMENSIONS_OUT_OF_BOUNDS'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  const END = Buffer.from([0xff, 0xd9]);
  const scanAt = (file: Buffer, number: number): number => {
    let at = -1;
    for (let i = 0; i <= number; i++) at = file.indexOf(Buffer.from([0xff, 0xda]), at + 1);
    return at;
  };
  const progressive = fixture('grey-progressive.jpg');
  const restarts = fixture('colour-422-restarts.jpg');
  const second = restarts.indexOf(Buffer.from([0xff, 0xd1]));
  const without = (file: Buffer, from: number, to: number): Buffer =>
    Buffer.concat([file.subarray(0, from), file.subarray(to)]);

  it.each([
    ['without its end marker', grey.subarray(0, -2)],
    ['with bytes behind its end', Buffer.concat([grey, Buffer.from([0])])],
    ['cut, and closed with an end marker', Buffer.concat([grey.subarray(0, -100), END])],
    ['with more data than pixels', Buffer.concat([grey.subarray(0, -2), Buffer.from([1, 2, 3]), END])],
    ['fewer rows than it has data for', altered((file) => (file[frame + 6] = 64))],
    [
      'without its last progressive scan',
      Buffer.concat([progressive.subarray(0, scanAt(progressive, 5)), END]),
    ],
    ['without one progressive scan', without(progressive, scanAt(progressive, 2), scanAt(progressive, 3))],
    ['without one restart interval', without(restarts, second, restarts.indexOf(Buffer.from([0xff, 0xd2])))],
    ['restart markers out of order', Buffer.from(restarts).fill(0xd2, second + 1, second + 2)],
    ['without tables', without(grey, 20, frame)],
    [
      'two frames',
      Buffer.concat([grey.subarray(0, frame), grey.subarray(frame, frame + 13), grey.subarray(frame)]),
    ],
    ['no frame', Buffer.concat([grey.subarray(0, 2), END])],
  ])('%s', (_damage, file) => {
    expect(() => decodeJpeg(file)).toThrow(failure('IMAGE_CORRUPT'));
  });
});

/** Of every form one. */
const FORMS = [...jpegs, ...pngs].map(({ file }) => file).filter((file) => !/^exif-[^6]/.test(file));

describe('damaged files', () => {
  it.each(FORMS)('%s › no prefix is taken for an image', (file) => {
    const bytes = fixture(file);
    const random = randomNumbers(bytes.length);
    for (let i = 0; i < MUTANTS; i++) {
      const prefix = bytes.subarray(0, 8 + Math.floor(random() * (bytes.length - 8)));
      expect(() => decode(file, prefix)).toThrow(failure('IMAGE_CORRUPT'));
    }
  });

  it.each(pngs.map(({ file }) => file))('%s › no flipped bit is missed: every chunk has its CRC', (file) => {
    const bytes = fixture(file);
    const random = randomNumbers(bytes.length);
    for (let i = 0; i < MUTANTS; i++) {
      expect(() => decodePng(flipped(bytes, 1, random))).toThrow(DomainError);
    }
  });

  // JPEG has no checksum: most flips change pixels within what the format allows, and only the sender's digest tells.
  it.each(jpegs.map(({ file }) => file))(
    '%s › five flipped bits are refused, or give a whole image',
    (file) => {
      const bytes = fixture(file);
      const random = randomNumbers(bytes.length);
      for (let i = 0; i < MUTANTS; i++) {
        const decoded = decodedOrRefused(flipped(bytes, 5, random));
        if (decoded === undefined) continue;
        const { width, height, channels, data } = decoded.image;
        expect(data).toHaveLength(width * height * channels);
      }
    },
  );

  it('most of them are refused', () => {
    const bytes = fixture('colour-420-progressive.jpg');
    const random = randomNumbers(1);
    const taken = Array.from({ length: MUTANTS }, () => decodedOrRefused(flipped(bytes, 5, random)));
    expect(taken.filter((decoded) => decoded !== undefined).length).toBeLessThan(MUTANTS / 3);
  });
});

function flipped(bytes: Buffer, count: number, random: () => number): Buffer {
  const mutant = Buffer.from(bytes);
  for (let i = 0; i < count; i++) {
    const bit = 64 + Math.floor(random() * (bytes.length * 8 - 64));
    mutant[bit >> 3]! ^= 1 << (bit & 7);
  }
  return mutant;
}

function decodedOrRefused(bytes: Buffer): RenderedImage | undefined {
  try {
    return decodeJpeg(bytes);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
