import { deflateRawSync } from 'node:zlib';
import {
  buildDicom,
  dataSetOf,
  delimited,
  delimiter,
  type Elements,
  encapsulated,
  GREY_ELEMENTS,
  item,
  part10,
  rawElement,
} from '../../../test/fixtures/dicom/dicom-builder';
import { dicomFile } from '../../../test/fixtures/dicom/fixtures';
import { fixture } from '../../../test/imaging/fixtures';
import type { DecodedFile } from '../image';
import { decodeDicom } from './dicom';

const SYNTAX = '1.2.840.10008.1.2';
const DEFLATED = `${SYNTAX}.1.99`;
const RLE = `${SYNTAX}.5`;
const UNDEFINED = 0xffff_ffff;
const WITHOUT_PIXELS = dataSetOf({ ...GREY_ELEMENTS, '7FE00010': null });
const PIXELS = dataSetOf({ '7FE00010': GREY_ELEMENTS['7FE00010']! });

const decode = (file: Buffer, frame?: number): Promise<DecodedFile> =>
  decodeDicom(file, { value_space: 'stored', frame });

const failure = (code: string, field?: string): Error =>
  expect.objectContaining({
    code,
    ...(field && { errors: [expect.objectContaining({ field: expect.stringContaining(field) as string })] }),
  }) as Error;

/** Elements between the description and the pixels. */
const withElement = (bytes: Buffer): Buffer => part10(Buffer.concat([bytes, WITHOUT_PIXELS, PIXELS]));

/** A file as an encoder made it, with bytes of its compressed frame changed. */
function patched(name: string, find: number[], change: (bytes: Buffer, at: number) => void): Buffer {
  const file = Buffer.from(dicomFile(name));
  const at = file.indexOf(Buffer.from(find));
  expect(at).toBeGreaterThan(0);
  change(file, at);
  return file;
}

/** With another value, of the same length, of an element of 16 bits. */
function withWord(name: string, tag: number[], value: number): Buffer {
  return patched(name, [...tag, 0x55, 0x53, 2, 0], (file, at) => file.writeUInt16LE(value, at + 8));
}

const ROWS = [0x28, 0, 0x10, 0];
const COLUMNS = [0x28, 0, 0x11, 0];
const BITS_STORED = [0x28, 0, 0x01, 0x01];
const PIXEL_REPRESENTATION = [0x28, 0, 0x03, 0x01];
const SIZ = [0xff, 0x4f, 0xff, 0x51];

describe('the file that the bad ones are made of', () => {
  it('is good', async () => {
    const { image, dicom } = await decode(buildDicom());
    expect(image.data.every((value) => value === 100)).toBe(true);
    expect(dicom).toMatchObject({
      modality: 'DX',
      sop_instance_uid: '2.25.1',
      frame: 1,
      frames: 1,
      warnings: [],
    });
  });

  it('may have elements of no interest, known or private, and sequences of either kind of length', async () => {
    const nested = delimited([dataSetOf({ '00080100': ['LO', 'x'] })]);
    const elements = [
      rawElement('00081140', 'SQ', nested, UNDEFINED),
      rawElement('00091001', 'UN', Buffer.alloc(10)),
      rawElement('00091002', 'UN', delimited([Buffer.alloc(0)]), UNDEFINED),
    ];
    const [identity, rest] = [
      dataSetOf({ '00080016': GREY_ELEMENTS['00080016']!, '00080060': ['CS', 'DX'] }),
      dataSetOf({ ...GREY_ELEMENTS, '00080016': null, '00080018': null, '00080060': null }),
    ];
    expect((await decode(part10(Buffer.concat([identity, ...elements, rest])))).dicom?.modality).toBe('DX');
  });
});

describe('bombs', () => {
  it.each([65535, 2049, 63, 0])('%d rows', async (rows) => {
    const file = buildDicom({ '00280010': ['US', rows], '00280011': ['US', rows] });
    await expect(decode(file)).rejects.toThrow(failure('IMAGE_DIMENSIONS_OUT_OF_BOUNDS'));
  });

  it.each([
    ['JPEG 2000', 'j2k-u8', SIZ, 10, [0x0f, 0xff]],
    ['HTJ2K', 'htj2k-u8', SIZ, 10, [0x0f, 0xff]],
    ['JPEG baseline', 'jpeg-baseline-u8', [0xff, 0xc0, 0, 0x0b, 8], 5, [0xff, 0xff, 0xff, 0xff]],
    ['JPEG lossless', 'jpeg-lossless-sv1-u8', [0xff, 0xc3, 0, 0x0b, 8], 5, [0xff, 0xff, 0xff, 0xff]],
    ['JPEG-LS', 'jpeg-ls-u8', [0xff, 0xf7, 0, 0x0b, 8], 5, [0xff, 0xff, 0xff, 0xff]],
  ])('%s data that calls itself huge', async (_, name, find, offset, size) => {
    const file = patched(name, find, (bytes, at) => Buffer.from(size).copy(bytes, at + offset));
    await expect(decode(file)).rejects.toThrow(failure('IMAGE_ATTRIBUTE_INVALID'));
  });

  it('2^31 columns in JPEG 2000 data', async () => {
    const file = patched('j2k-u8', SIZ, (bytes, at) => bytes.writeUInt32BE(0x7fff_ffff, at + 8));
    await expect(decode(file)).rejects.toThrow(failure('IMAGE_FORMAT_UNSUPPORTED'));
  });

  it('tiles of one pixel in JPEG 2000', async () => {
    const file = patched('j2k-u8', SIZ, (bytes, at) => {
      bytes.writeUInt32BE(1, at + 24);
      bytes.writeUInt32BE(1, at + 28);
    });
    await expect(decode(file)).rejects.toThrow(failure('IMAGE_FORMAT_UNSUPPORTED'));
  });

  it('130 MiB deflated to nothing', async () => {
    const bomb = deflateRawSync(Buffer.concat([WITHOUT_PIXELS, Buffer.alloc(130 * 1024 * 1024)]), {
      level: 1,
    });
    await expect(decode(part10(bomb, DEFLATED))).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it('sequences nested 10,000 deep, of elements that are read and of such that are not', async () => {
    for (const tag of ['00091001', '00283000']) {
      const levels = Buffer.concat(
        Array.from({ length: 10_000 }, () =>
          Buffer.concat([
            rawElement(tag, 'SQ', Buffer.alloc(0), UNDEFINED),
            item(Buffer.alloc(0), UNDEFINED),
          ]),
        ),
      );
      await expect(decode(withElement(levels))).rejects.toThrow(failure('IMAGE_CORRUPT'));
    }
  });

  it('a private element of 1 GB', async () => {
    const element = rawElement('00091001', 'OB', Buffer.alloc(0), 1024 ** 3);
    await expect(decode(withElement(element))).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it('a million empty items', async () => {
    const items = Buffer.concat(Array<Buffer>(1_000_001).fill(item(Buffer.alloc(0))));
    const element = rawElement('00091001', 'SQ', Buffer.concat([items, delimiter('FFFEE0DD', 0)]), UNDEFINED);
    await expect(decode(withElement(element))).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });
});

describe('structure', () => {
  const missingEnd = encapsulated(Buffer.alloc(0), Buffer.alloc(2)).subarray(0, -8);

  it.each([
    ['an element of odd length', rawElement('00091001', 'OB', Buffer.alloc(3))],
    ['an unknown value representation', rawElement('00091001', 'ZZ', Buffer.alloc(2))],
    ['a text without length', rawElement('00091001', 'UN', Buffer.from('text'), UNDEFINED)],
    ['a delimiter where none belongs', delimiter('FFFEE00D', 0)],
    ['an item longer than its sequence', rawElement('00091001', 'SQ', item(Buffer.alloc(0), 8), UNDEFINED)],
    ['a sequence that does not end', rawElement('00091001', 'SQ', Buffer.alloc(0), UNDEFINED)],
    ['elements that are not in order', dataSetOf({ '00280010': ['US', 64] })],
    ['bytes behind the last element', Buffer.alloc(3)],
    ['encapsulated data that does not end', missingEnd],
    [
      'a fragment longer than the file',
      rawElement('7FE00010', 'OB', item(Buffer.alloc(0), 1 << 20), UNDEFINED),
    ],
    ['pixels without length where nothing is compressed', encapsulated(Buffer.alloc(0), Buffer.alloc(2))],
  ])('%s', async (_, bytes) => {
    // behind the description, so that the order is right but where it is to be wrong
    await expect(decode(part10(Buffer.concat([WITHOUT_PIXELS, bytes])))).rejects.toThrow(
      failure('IMAGE_CORRUPT'),
    );
  });

  it('an element that stands twice', async () => {
    const twice = Buffer.concat([WITHOUT_PIXELS, PIXELS, PIXELS]);
    await expect(decode(part10(twice))).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it('nothing behind the prefix', async () => {
    await expect(decode(buildDicom().subarray(0, 132))).rejects.toThrow(
      failure('IMAGE_ATTRIBUTE_INVALID', '(0002,0010) TransferSyntaxUID'),
    );
  });
});

describe('transfer syntaxes that are not supported', () => {
  const detail = (file: Buffer): Promise<string> =>
    decode(file).then(
      () => 'decoded',
      (error: { code: string; detail: string }) => `${error.code} ${error.detail}`,
    );

  it.each(['1.2.840.10008.1.2.4.55', '1.2.840.10008.1.2.4.102', '1.2.840.10008.1.2.4.110'])(
    '%s is named',
    async (uid) => {
      expect(await detail(buildDicom({}, uid))).toBe(
        `IMAGE_FORMAT_UNSUPPORTED The transfer syntax ${uid} is not supported`,
      );
    },
  );

  it('what only looks like one is not', async () => {
    expect(await detail(buildDicom({}, '1.2.840.10008.1.2.1.'))).toMatch(/^IMAGE_ATTRIBUTE_INVALID/);
  });

  it.each<[string, string, Elements]>([
    ['1-bit pixels', 'Bits Allocated of 1', { '00280100': ['US', 1], '00280101': ['US', 1] }],
    ['32-bit pixels', 'Bits Allocated of 32', { '00280100': ['US', 32], '00280101': ['US', 32] }],
    [
      'float32 pixels',
      'Floating-point pixel data',
      { '7FE00010': null, '7FE00008': ['OW', Buffer.alloc(64 * 64 * 4)] },
    ],
    [
      'float64 pixels',
      'Floating-point pixel data',
      { '7FE00010': null, '7FE00009': ['OW', Buffer.alloc(64 * 64 * 8)] },
    ],
    [
      'a palette in segments',
      'A segmented palette',
      { '00280004': ['CS', 'PALETTE COLOR'], '00281221': ['OW', Buffer.from([0, 0, 1, 0, 7, 0])] },
    ],
    [
      'a photometric interpretation out of use',
      'This Photometric Interpretation',
      { '00280004': ['CS', 'CMYK'] },
    ],
  ])('%s are named', async (_, what, changes) => {
    expect(await detail(buildDicom(changes))).toBe(`IMAGE_FORMAT_UNSUPPORTED ${what} is not supported`);
  });

  it('progressive JPEG in a syntax that has none is named', async () => {
    const size: Elements = { '00280010': ['US', 96], '00280011': ['US', 80], '7FE00010': null };
    const pixels = encapsulated(
      Buffer.alloc(0),
      Buffer.concat([fixture('grey-progressive.jpg'), Buffer.alloc(1)]),
    );
    const file = part10(
      Buffer.concat([dataSetOf({ ...GREY_ELEMENTS, ...size }), pixels]),
      '1.2.840.10008.1.2.4.50',
    );
    expect(await detail(file)).toBe(
      'IMAGE_FORMAT_UNSUPPORTED Progressive JPEG in a DICOM file is not supported',
    );
  });

  it('a private one is not: a UID can tell whose it is', async () => {
    expect(await detail(buildDicom({}, '1.3.46.670589.33.1'))).toBe(
      'IMAGE_FORMAT_UNSUPPORTED A private transfer syntax is not supported',
    );
  });
});

describe('headers that contradict themselves', () => {
  it.each<[string, Elements, string]>([
    ['no rows', { '00280010': null }, '(0028,0010) Rows'],
    ['two numbers of rows', { '00280010': ['US', [64, 64]] }, 'Rows'],
    ['no pixels', { '7FE00010': null }, '(7FE0,0010) PixelData'],
    ['a colour in one sample', { '00280004': ['CS', 'RGB'] }, 'SamplesPerPixel'],
    ['grey in three samples', { '00280002': ['US', 3] }, 'SamplesPerPixel'],
    ['no photometric interpretation', { '00280004': null }, 'PhotometricInterpretation'],
    [
      'YBR_RCT that is not compressed',
      { '00280002': ['US', 3], '00280004': ['CS', 'YBR_RCT'] },
      'PhotometricInterpretation',
    ],
    ['more bits stored than allocated', { '00280101': ['US', 9] }, 'BitsStored'],
    ['no bits', { '00280101': ['US', 0] }, 'BitsStored'],
    ['a high bit below Bits Stored', { '00280102': ['US', 5] }, 'HighBit'],
    ['a high bit past Bits Allocated', { '00280102': ['US', 8] }, 'HighBit'],
    ['a pixel representation of 2', { '00280103': ['US', 2] }, 'PixelRepresentation'],
    ['no frames', { '00280008': ['IS', '0'] }, 'NumberOfFrames'],
    ['frames that are no number', { '00280008': ['IS', 'two'] }, 'NumberOfFrames'],
    [
      'a palette that is signed',
      { '00280004': ['CS', 'PALETTE COLOR'], '00280103': ['US', 1] },
      'PixelRepresentation',
    ],
    [
      'a number as long as a file',
      { '00281050': ['DS', '1'.repeat(60_000) + 'x'] },
      '(0028,1050) WindowCenter',
    ],
    [
      'a slope that the intercept swallows',
      { '00281052': ['DS', '1e20'], '00281053': ['DS', '1e-20'] },
      'RescaleSlope',
    ],
    ['a slope past all float32', { '00281052': ['DS', '0'], '00281053': ['DS', '1e300'] }, 'RescaleSlope'],
    ['a number of 65 digits', { '00281053': ['DS', '1'.repeat(65)] }, 'RescaleSlope'],
    ['a UID that is none', { '0020000D': ['UI', 'DOE^JOHN'] }, '(0020,000D) StudyInstanceUID'],
  ])('%s', async (_, changes, field) => {
    await expect(decode(buildDicom(changes))).rejects.toThrow(failure('IMAGE_ATTRIBUTE_INVALID', field));
  });

  it.each<[string, Elements]>([
    ['a row more than there are pixels', { '00280010': ['US', 65] }],
    ['a row less', { '00280010': ['US', 64], '00280011': ['US', 65] }],
    ['more frames than there are pixels', { '00280008': ['IS', '2'] }],
    ['a billion frames', { '00280008': ['IS', '1000000000'] }],
    ['16 bits where there are 8', { '00280100': ['US', 16] }],
  ])('%s', async (_, changes) => {
    await expect(decode(buildDicom(changes), 1)).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it.each([
    ['rows', 'j2k-u12', ROWS, 65, 'Rows'],
    ['columns', 'jpeg-ls-u12', COLUMNS, 71, 'Columns'],
    ['columns', 'jpeg-lossless-sv1-u12', COLUMNS, 73, 'Columns'],
    ['bits', 'htj2k-u12', BITS_STORED, 11, 'HighBit'],
    ['sign', 'j2k-u12', PIXEL_REPRESENTATION, 1, 'PixelRepresentation'],
    ['sign', 'htj2k-s16', PIXEL_REPRESENTATION, 0, 'PixelRepresentation'],
    ['sign', 'jpeg-extended-u12', PIXEL_REPRESENTATION, 1, 'PixelRepresentation'],
  ])('other %s than the compressed data of %s', async (_, name, tag, value, field) => {
    await expect(decode(withWord(name, tag, value))).rejects.toThrow(
      failure('IMAGE_ATTRIBUTE_INVALID', field),
    );
  });

  it('more bits in the pixels than Bits Stored, in data of 16 bits', async () => {
    const [stored, high] = [
      Buffer.from([0x28, 0, 1, 1, 0x55, 0x53, 2, 0]),
      Buffer.from([0x28, 0, 2, 1, 0x55, 0x53, 2, 0]),
    ];
    const file = Buffer.from(dicomFile('jpeg-lossless-sv1-u16'));
    file.writeUInt16LE(12, file.indexOf(stored) + 8);
    file.writeUInt16LE(11, file.indexOf(high) + 8);
    await expect(decode(file)).rejects.toThrow(failure('IMAGE_ATTRIBUTE_INVALID', 'BitsStored'));
  });

  it('RGB whose JPEG data calls itself YCbCr, and the other way round', async () => {
    const named = (name: string, from: string, to: string): Buffer =>
      patched(name, [...Buffer.from(from)], (bytes, at) => bytes.write(to.padEnd(from.length), at));
    for (const file of [
      named('jpeg-baseline-rgb8-422', 'YBR_FULL_422', 'RGB'),
      named('jpeg-baseline-rgb8-444', 'YBR_FULL', 'RGB'),
    ]) {
      await expect(decode(file)).rejects.toThrow(
        failure('IMAGE_ATTRIBUTE_INVALID', 'PhotometricInterpretation'),
      );
    }
  });
});

describe('fragments and offset tables (PS3.5 A.4)', () => {
  const run = Buffer.alloc(64 * 2, 0x81).map((byte, i) => (i % 2 === 0 ? byte : 100));
  const frame = Buffer.concat([Buffer.alloc(64), run]);
  // 128 - 129 + 257 = 128 bytes a run of the control byte 0x81: 32 runs fill 64 x 64
  const rle = Buffer.concat([frame.subarray(0, 64), run.subarray(0, 64)]);
  rle.writeUInt32LE(1, 0);
  rle.writeUInt32LE(64, 4);

  const file = (frames: number, ...fragments: Buffer[]): Buffer =>
    part10(
      Buffer.concat([
        dataSetOf({ ...GREY_ELEMENTS, '00280008': ['IS', String(frames)], '7FE00010': null }),
        encapsulated(...fragments),
      ]),
      RLE,
    );
  const table = (...offsets: number[]): Buffer => Buffer.from(Uint32Array.from(offsets).buffer);
  const itemBytes = rle.length + 8;

  it('a table that is right, and none', async () => {
    expect((await decode(file(1, table(0), rle))).image.data[4095]).toBe(100);
    expect((await decode(file(2, table(0, itemBytes), rle, rle), 2)).dicom).toMatchObject({
      frame: 2,
      frames: 2,
    });
    expect((await decode(file(2, table(), rle, rle), 2)).image.data[0]).toBe(100);
  });

  it.each([
    ['no fragment at all', file(1, table())],
    ['more frames than fragments', file(2, table(), rle)],
    ['more fragments than frames', file(2, table(), rle, rle, rle)],
    ['an offset that points between fragments', file(2, table(0, itemBytes - 2), rle, rle)],
    ['offsets that go back', file(2, table(itemBytes, 0), rle, rle)],
    ['an offset past the end', file(2, table(0, 1 << 30), rle, rle)],
    ['an offset too few', file(2, table(0), rle, rle)],
    ['a table that is cut', file(1, Buffer.alloc(2), rle)],
    ['an RLE frame in two fragments', file(1, table(0), rle, rle)],
    ['an empty fragment', file(1, table(), Buffer.alloc(0))],
  ])('%s', async (_, bytes) => {
    await expect(decode(bytes, 1)).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it.each([
    ['jpeg-baseline-u8', 0xd9],
    ['jpeg-lossless-sv1-u12', 0xd9],
    ['jpeg-ls-u12', 0xd9],
    ['j2k-u12', 0xd9],
    ['htj2k-u12', 0xd9],
  ])('%s without its end marker', async (name, marker) => {
    const bytes = Buffer.from(dicomFile(name));
    bytes.fill(0, bytes.lastIndexOf(Buffer.from([0xff, marker])), bytes.length - 8);
    await expect(decode(bytes)).rejects.toThrow(failure('IMAGE_CORRUPT'));
  });

  it('more than one frame and none chosen, or one that is not there', async () => {
    await expect(decode(dicomFile('frames-rle'))).rejects.toThrow(failure('IMAGE_FRAME_REQUIRED'));
    await expect(decode(dicomFile('frames-rle'), 4)).rejects.toThrow(failure('IMAGE_FRAME_OUT_OF_RANGE'));
  });
});

describe('text in the pixels', () => {
  const CAPTURE: Elements = { '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.7'] };
  const YES: Elements = { '00280301': ['CS', 'YES'] };
  const NO: Elements = { '00280301': ['CS', 'NO'] };
  const DIGITIZED: Elements = { '00080064': ['CS', 'DF'] };

  const verdict = (changes: Elements, burned_in?: 'reject' | 'warn'): Promise<string | number> =>
    decodeDicom(buildDicom(changes), { value_space: 'unit', burned_in }).then(
      ({ dicom }) => dicom!.warnings.length,
      ({ code }: { code: string }) => code,
    );
  const REFUSED = 'IMAGE_BURNED_IN_ANNOTATION';

  it.each<[string, Elements, unknown[]]>([
    // what happens by default, with `reject` and with `warn`; a number is that of the warnings
    ['nothing said', {}, [0, 0, 0]],
    ['YES', YES, [REFUSED, REFUSED, 1]],
    ['NO', NO, [0, 0, 0]],
    ['a secondary capture', CAPTURE, [1, REFUSED, 1]],
    ['a secondary capture that says NO', { ...CAPTURE, ...NO }, [0, 0, 0]],
    ['a digitised film', DIGITIZED, [1, REFUSED, 1]],
    ['a secondary capture that says YES', { ...CAPTURE, ...YES }, [REFUSED, REFUSED, 2]],
  ])('%s', async (_, changes, expected) => {
    expect([
      await verdict(changes),
      await verdict(changes, 'reject'),
      await verdict(changes, 'warn'),
    ]).toEqual(expected);
  });

  it('a word that is neither YES nor NO is refused', async () => {
    expect(await verdict({ '00280301': ['CS', 'MAYBE'] })).toBe('IMAGE_ATTRIBUTE_INVALID');
  });
});

describe('what is known of a person [R-08] [R-46]', () => {
  const CANARY = 'CANARY^WINIFRED';
  const TAGS = [
    '00080050',
    '00080090',
    '00081010',
    '00081050',
    '00081070',
    '00100010',
    '00100020',
    '00100030',
    '00101000',
  ].concat([
    '00101001',
    '00101005',
    '00101060',
    '00102154',
    '00104000',
    '00181030',
    '0020000E',
    '00204000',
    '00281055',
    '00321032',
  ]);

  it('is in no answer and in no refusal', async () => {
    const typed = Object.fromEntries(TAGS.map((tag) => [tag, ['LO', CANARY] as const]));
    const file = buildDicom({
      ...typed,
      '0020000E': null,
      '00180015': ['CS', CANARY],
      '00080060': ['CS', CANARY],
    });
    const decoded = await decode(file);
    expect(decoded.dicom).toMatchObject({ body_part_examined: null, modality: null });
    expect(JSON.stringify(decoded.dicom)).not.toContain('WINIFRED');
    const numbers = [
      '0020000E',
      '00281050',
      '00281053',
      '00280004',
      '00280301',
      '00281056',
      '20500020',
      '00280008',
    ];
    const window: Elements = { '00281050': ['DS', '40'], '00281051': ['DS', '80'] };
    for (const tag of numbers) {
      const refusal: unknown = await decode(
        buildDicom({ ...typed, ...window, '0020000E': null, [tag]: ['LO', CANARY] }),
      ).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: expect.stringMatching(/^IMAGE_/) as string });
      const { message, stack, ...rest } = refusal as Error;
      expect(JSON.stringify([message, stack, rest])).not.toContain('WINIFRED');
    }
  });
});
