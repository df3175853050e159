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
  readonly values: Readonly<Record<string, number>>;
}

/** What the verdicts of the test pictures should be. */
const FINDINGS: Readonly<Record<string, string[]>> = {
  'quality-moved.png': ['QUALITY_MOTION'],
  'quality-noise-20.png': ['QUALITY_NOISY'],
  'quality-dark.png': ['QUALITY_TOO_DARK', 'QUALITY_LOW_CONTRAST'],
  'quality-low-contrast.png': ['QUALITY_LOW_CONTRAST'],
};

describe('quality metrics against NumPy, SciPy and scikit-image [R-05]', () => {
  it.each(references('quality.json') as QualityReference[])('$file', ({ file, values }) => {
    const quality = { policy: 'warn', thresholds: {} } as const;
    const { metrics, error_codes } = assessQuality(decodePng(fixture(file)).image, quality);
    expect([...Object.keys(metrics), 'other'].sort()).toEqual(Object.keys(values).sort());
    for (const [name, { value }] of Object.entries(metrics)) {
      const expected = values[name]!;
      const difference = Math.abs(value! - expected) / Math.max(1, Math.abs(expected));
      expect({ name, difference }).toEqual({ name, difference: expect.closeTo(0, 5) as number });
    }
    expect(error_codes).toEqual(FINDINGS[file] ?? []);
  });
});
