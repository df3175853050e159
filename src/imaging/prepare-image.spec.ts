import { createHash } from 'node:crypto';
import { encode } from 'fast-png';
import { dicomFile } from '../../test/fixtures/dicom/fixtures';
import { fixture } from '../../test/imaging/fixtures';
import type { DomainError } from '../errors/domain.error';
import type { ImageSource } from './image';
import type { InputSpec } from './input-spec';
import { prepareImage } from './prepare-image';

const INPUT: InputSpec = {
  name: 'image',
  layout: 'NCHW',
  value_space: 'unit',
  resize: { width: 32, height: 32, kernel: 'bilinear', antialias: true },
  channels: 1,
  mean: [0],
  std: [1],
  range: [0, 1],
};
const samples = Uint8Array.from(
  { length: 64 * 80 },
  (_, i) => 128 + 90 * Math.sin(i / 3) * Math.cos(i / 640),
);
const units = Float32Array.from(samples, (sample) => sample / 255);
const png = Buffer.from(encode({ width: 64, height: 80, channels: 1, depth: 8, data: samples }));
const shape = { width: 64, height: 80 };

const prepare = (source: ImageSource, input: Partial<InputSpec> = {}): ReturnType<typeof prepareImage> =>
  prepareImage(source, { ...INPUT, ...input }, { policy: 'warn', thresholds: {} });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const UNSUPPORTED = 'IMAGE_FORMAT_UNSUPPORTED';
const failure = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('prepareImage', () => {
  it('gives the same tensor and verdict for every form of one image', async () => {
    const file = await prepare({ form: 'file', bytes: png });
    const base64 = await prepare({ form: 'base64', bytes: Buffer.from(png.toString('base64')) });
    const float32 = await prepare({ form: 'float32', bytes: Buffer.from(units.buffer), ...shape });
    const text = Buffer.from(`[${units.join()}]`);
    const numbers = await prepare({ form: 'numbers', bytes: text, ...shape });
    expect(base64).toEqual(file);
    expect(numbers).toEqual({
      ...float32,
      image: { ...float32.image, format: 'json' },
      processing: { ...float32.processing, received_sha256: sha256(text) },
    });
    expect(float32).toEqual({
      ...file,
      image: float32.image,
      processing: { ...file.processing, source: 'values', received_sha256: float32.image.hash },
    });
    expect(file.dims).toEqual([1, 1, 32, 32]);
    expect(file.tensor).toHaveLength(1024);
  });

  it('describes the image as it was sent', async () => {
    const values = Buffer.from(units.buffer);
    expect((await prepare({ form: 'file', bytes: png })).image).toEqual({
      ...shape,
      format: 'png',
      hash: sha256(png),
    });
    expect((await prepare({ form: 'float32', bytes: values, ...shape })).image).toEqual({
      ...shape,
      format: 'float32',
      hash: sha256(values),
    });
  });

  it('judges the image before it is resized', async () => {
    const bytes = png;
    const whole = await prepare({ form: 'file', bytes }, { resize: null });
    expect((await prepare({ form: 'file', bytes })).validation).toEqual(whole.validation);
  });

  it('keeps the size where the model takes any', async () => {
    const { dims } = await prepare({ form: 'file', bytes: png }, { resize: null, channels: 3 });
    expect(dims).toEqual([1, 3, 80, 64]);
  });

  it('reports poor quality without refusing the image, whatever the policy', async () => {
    const black = { form: 'float32' as const, bytes: Buffer.alloc(64 * 64 * 4) };
    const { validation } = await prepareImage(black, INPUT, { policy: 'reject', thresholds: {} });
    expect(validation.error_codes).toEqual(['QUALITY_NO_SIGNAL', 'QUALITY_TOO_DARK', 'QUALITY_LOW_CONTRAST']);
  });
});

describe('prepareImage refuses [R-02] [R-06]', () => {
  const text = Buffer.from('\x89PNX not an image');
  const polyglot = Buffer.concat([png.subarray(0, 128), Buffer.from('DICM'), png]);
  const gif = Buffer.from('GIF89a\x01\0');
  const svg = Buffer.from('<?xml version="1.0"?>\n<!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>');

  it.each([
    ['GIF, which', gif],
    ['SVG, which', svg],
    ['ZIP, which', Buffer.from('PK\x03\x04')],
    ['TIFF, which', Buffer.from('II*\0')],
    ['not PNG, JPEG or DICOM', text],
    ['not PNG, JPEG or DICOM', png.subarray(0, 7)],
    ['of two formats', polyglot],
  ])('what it recognises as %s by content', async (name, bytes) => {
    const detail = expect.stringMatching(new RegExp(`^The file is ${name}`)) as string;
    const refusal = expect.objectContaining({ code: 'IMAGE_FORMAT_UNSUPPORTED', detail }) as Error;
    await expect(prepare({ form: 'file', bytes })).rejects.toThrow(refusal);
    await expect(prepare({ form: 'base64', bytes: Buffer.from(bytes.toString('base64')) })).rejects.toThrow(
      refusal,
    );
  });

  it.each(['numbers', 'float32', 'base64', 'file'] as const)('an empty body of form %s', async (form) => {
    await expect(prepare({ form, bytes: new Uint8Array(0) })).rejects.toThrow(failure('IMAGE_EMPTY'));
  });

  const zip = Buffer.from('PK\x03\x04 and an archive');
  const jpeg = fixture('grey.jpg');

  it.each<[string, Buffer, string]>([
    ['a PNG with a ZIP archive behind it', Buffer.concat([png, zip]), 'IMAGE_CORRUPT'],
    ['a JPEG with a ZIP archive behind it', Buffer.concat([jpeg, zip]), 'IMAGE_CORRUPT'],
    ['a page of HTML in front of a PNG', Buffer.concat([Buffer.from('<html>'), png]), UNSUPPORTED],
    ['a page of HTML in front of a JPEG', Buffer.concat([Buffer.from('<html>'), jpeg]), UNSUPPORTED],
    [
      'a JPEG in the preamble of a DICOM file',
      Buffer.concat([jpeg.subarray(0, 128), dicomFile('explicit-u8').subarray(128)]),
      UNSUPPORTED,
    ],
    [
      'a PNG in the preamble of a DICOM file',
      Buffer.concat([png.subarray(0, 128), dicomFile('explicit-u8').subarray(128)]),
      UNSUPPORTED,
    ],
  ])('[R-03] %s', async (_polyglot, bytes, code) => {
    await expect(prepare({ form: 'file', bytes })).rejects.toThrow(failure(code));
  });

  it('base64 that is not whole', async () => {
    const text = png.toString('base64').replaceAll('=', '');
    const broken = [
      text.slice(0, -1),
      `${text.slice(0, 8)} ${text.slice(9)}`,
      `data:image/png;base64,${text}`,
      `${text}====`,
    ];
    for (const bytes of [...broken, 'AA==AAAA', '=', '===='].map((ascii) => Buffer.from(ascii))) {
      await expect(prepare({ form: 'base64', bytes })).rejects.toThrow(failure('IMAGE_CORRUPT'));
    }
  });

  it('a rendered image for a model that reads stored or modality values', async () => {
    for (const value_space of ['stored', 'modality'] as const) {
      await expect(prepare({ form: 'file', bytes: png }, { value_space })).rejects.toThrow(
        failure('IMAGE_FORMAT_UNSUPPORTED'),
      );
    }
  });

  it('a frame that a format of one image does not have', async () => {
    expect((await prepare({ form: 'file', bytes: png, frame: 1 })).dims).toEqual([1, 1, 32, 32]);
    await expect(prepare({ form: 'file', bytes: png, frame: 2 })).rejects.toThrow(
      failure('IMAGE_FRAME_OUT_OF_RANGE'),
    );
  });

  it('never with a value that was sent', async () => {
    const texts = [`[${'7.125,'.repeat(4095)}0]`, `[${'0.5,'.repeat(4095)}7.125]`, '[7.125,7.125x]'];
    const refusals = await Promise.all(
      texts.map((text) =>
        prepare({ form: 'numbers', bytes: Buffer.from(text) }).catch((error: DomainError) => {
          const { code, detail, message, errors } = error;
          return { code, detail, message, errors };
        }),
      ),
    );
    expect(refusals).toMatchObject([
      { code: 'IMAGE_DATA_OUT_OF_RANGE' },
      { code: 'IMAGE_DATA_OUT_OF_RANGE' },
      { code: 'REQUEST_MALFORMED_JSON' },
    ]);
    expect(JSON.stringify(refusals)).not.toContain('7.125');
  });
});
