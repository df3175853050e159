import { readFileSync } from 'node:fs';
import type { ResizeKernel } from '../../src/imaging/input-spec';
import { decodePng } from '../../src/imaging/png/png';
import { assessQuality } from '../../src/imaging/quality/quality';
import { resize, resizeByArea } from '../../src/imaging/resize/resize';
import { fixture, references } from './fixtures';

interface ResizeReferences {
  readonly width: number;
  readonly height: number;
  readonly source: string;
  readonly references: readonly {
    readonly library: string;
    readonly kernel: ResizeKernel | 'box';
    readonly antialias: boolean;
    readonly width: number;
    readonly height: number;
    readonly data: string;
  }[];
}

const values = (base64: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);

describe('resize against other libraries', () => {
  const { references: expected, source, ...size } = references('resize.json') as ResizeReferences;
  const image = { ...size, channels: 1, data: values(source) };

  it.each(expected)('$library $kernel, antialias $antialias, $width x $height: within 1e-5', (reference) => {
    const { kernel, antialias, width, height, data } = reference;
    const resized =
      kernel === 'box'
        ? resizeByArea(image, width, height)
        : resize(image, { width, height, kernel, antialias });
    const differences = values(data).map((value, i) => Math.abs(value - resized.data[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it('treats the channels of an image one by one', () => {
    const colour = {
      ...image,
      channels: 3,
      data: Float32Array.from(
        { length: image.data.length * 3 },
        (_, i) => image.data[Math.floor(i / 3)]! / (1 + (i % 3)),
      ),
    };
    const to = { width: 9, height: 31, kernel: 'bicubic', antialias: true } as const;
    const grey = resize(image, to).data;
    const worst = resize(colour, to).data.map((value, i) =>
      Math.abs(value - grey[Math.floor(i / 3)]! / (1 + (i % 3))),
    );
    expect(Math.max(...worst)).toBeLessThan(1e-6);
  });
});

interface QualityReference {
  readonly file: string;
  readonly values: Readonly<Record<string, number>> & {
    /** Other measures of the same things. */
    readonly other: Readonly<Record<string, number>>;
  };
}

/** What the verdicts of the test pictures should be. */
const FINDINGS: Readonly<Record<string, string[]>> = {
  'quality-moved.png': ['QUALITY_MOTION'],
  'quality-noise-20.png': ['QUALITY_NOISY'],
  'quality-dark.png': ['QUALITY_TOO_DARK', 'QUALITY_LOW_CONTRAST'],
  'quality-low-contrast.png': ['QUALITY_LOW_CONTRAST'],
};

/** Metrics of the table in docs/imaging.md. */
const TABLE = [
  'brightness_mean',
  'contrast_sd',
  'contrast_range',
  'contrast_entropy',
  'noise_sigma',
  'sharpness_nvol',
  'motion_anisotropy',
] as const;

/** A line of that table: what the other libraries measure, how far this one is from it at most, and what it finds. */
function tableRow({ file, values }: QualityReference): string {
  const { metrics, error_codes } = assess(file);
  const difference = Math.max(
    ...TABLE.map((name) => Math.abs(metrics[name]!.value! - values[name]!) / Math.abs(values[name]!)),
  );
  return [
    file.replace(/^quality-|\.png$/g, ''),
    ...TABLE.map((name) => short(values[name]!)),
    difference.toExponential(0),
    ...Object.values(values.other).map(short),
    error_codes.map((code) => code.replace('QUALITY_', '')).join(', '),
  ].join(' | ');
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

const assess = (file: string): ReturnType<typeof assessQuality> =>
  assessQuality(decodePng(fixture(file)).image, { policy: 'warn', thresholds: {} });

describe('quality metrics against NumPy, SciPy and scikit-image [R-05]', () => {
  const expected = references('quality.json') as QualityReference[];

  it('stand in docs/imaging.md as they are measured', () => {
    const lines = readFileSync('docs/imaging.md', 'utf8')
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
          .join(' | '),
      );
    expect(lines).toEqual(expect.arrayContaining(expected.map(tableRow)));
  });

  it.each(expected)('$file', ({ file, values }) => {
    const { metrics, error_codes } = assess(file);
    expect([...Object.keys(metrics), 'other'].sort()).toEqual(Object.keys(values).sort());
    for (const [name, { value }] of Object.entries(metrics)) {
      const expected = values[name]!;
      const difference = Math.abs(value! - expected) / Math.max(1, Math.abs(expected));
      expect({ name, difference }).toEqual({ name, difference: expect.closeTo(0, 5) as number });
    }
    expect(error_codes).toEqual(FINDINGS[file] ?? []);
  });
});
