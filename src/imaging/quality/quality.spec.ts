import type { Image, Validation } from '../image';
import type { QualitySpec } from '../input-spec';
import { assessQuality } from './quality';
import { QUALITY_METRICS } from './quality-metrics';

/** `level`: 0..255. */
const image = (level: (x: number, y: number) => number, side = 128): Image => ({
  width: side,
  height: side,
  channels: 1,
  data: Float32Array.from({ length: side * side }, (_, i) => {
    return Math.min(255, Math.max(0, level(i % side, Math.floor(i / side)))) / 255;
  }),
});
const assess = (
  level: (x: number, y: number) => number,
  thresholds: QualitySpec['thresholds'] = {},
): Validation => assessQuality(image(level), { policy: 'warn', thresholds });

const good = (x: number, y: number): number => 120 + 50 * Math.sin(x / 5) * Math.cos(y / 7);
/** Uniform hash of the position, -1..1. */
const hash = (x: number, y: number): number => {
  const mixed =
    Math.imul(Math.imul(x * 374_761_393 + y * 668_265_263, 1_274_126_177) ^ (x << 13), 2_246_822_519) >>> 0;
  return mixed / 2 ** 31 - 1;
};

describe('assessQuality [R-05]', () => {
  it('finds nothing wrong with a well exposed, sharp, quiet image', () => {
    expect(assess(good)).toMatchObject({
      is_valid: true,
      validation_score: 1,
      brightness_valid: true,
      contrast_valid: true,
      motion_artifact_free: true,
      noise_level_acceptable: true,
      error_codes: [],
      warnings: [],
    });
  });

  it.each([
    ['too dark', (x: number, y: number) => good(x, y) / 20, ['QUALITY_TOO_DARK', 'QUALITY_LOW_CONTRAST']],
    [
      'mostly black',
      (x: number, y: number) => (x + y < 24 ? 255 : 0),
      ['QUALITY_NO_SIGNAL', 'QUALITY_TOO_DARK'],
    ],
    [
      'too bright',
      (x: number, y: number) => 245 + good(x, y) / 20,
      ['QUALITY_TOO_BRIGHT', 'QUALITY_LOW_CONTRAST'],
    ],
    ['flat', (x: number, y: number) => 120 + good(x, y) / 20, ['QUALITY_LOW_CONTRAST']],
    [
      'blurred',
      (x: number, y: number) => 120 + 50 * Math.sin(x / 30) * Math.cos(y / 30 + 1),
      ['QUALITY_BLURRED'],
    ],
    [
      'smeared along one direction',
      (x: number) => 120 + 50 * Math.sin(x / 30),
      ['QUALITY_BLURRED', 'QUALITY_MOTION'],
    ],
    ['noisy', (x: number, y: number) => good(x, y) + 60 * hash(x, y), ['QUALITY_NOISY']],
  ])('names what is wrong with an image that is %s', (_name, level, codes) => {
    expect(assess(level)).toMatchObject({ is_valid: false, error_codes: codes });
  });

  it('does not say that an image under heavy noise is sharp', () => {
    const { metrics, motion_artifact_free, noise_level_acceptable, validation_score, warnings } = assess(
      (x, y) => 120 + 50 * Math.sin(x / 30) + 60 * hash(x, y),
    );
    expect(metrics.sharpness_nvol).toMatchObject({
      status: 'indeterminate',
      value: expect.any(Number) as number,
    });
    expect([noise_level_acceptable, motion_artifact_free, validation_score]).toEqual([false, null, 0.5]);
    expect(warnings).toContain('sharpness_nvol: could not be decided');
  });

  it.each([0, 0.4, 128, 255])(
    'says that a constant image of level %d has no signal, in finite numbers',
    (level) => {
      const validation = assess(() => level);
      expect(validation.is_valid).toBe(false);
      expect(validation.error_codes[0]).toBe('QUALITY_NO_SIGNAL');
      expect([validation.noise_level_acceptable, validation.motion_artifact_free]).toEqual([null, null]);
      expect(validation.metrics.sharpness_nvol?.value).toBeNull();
      const values = Object.values(validation.metrics).flatMap(({ value }) => value ?? []);
      expect(values.every(Number.isFinite)).toBe(true);
    },
  );

  it('warns of near misses, which cost half of their check', () => {
    const validation = assess(good, { noise_sigma: { warn_above: 0 }, contrast_sd: { warn_below: 200 } });
    expect(validation).toMatchObject({ is_valid: true, validation_score: 0.75, error_codes: [] });
    expect(validation.warnings).toEqual([
      'contrast_sd: close to the lower limit',
      'noise_sigma: close to the upper limit',
    ]);
  });

  it('is not valid below a score of 0.7, even without a failure', () => {
    const thresholds = {
      noise_sigma: { warn_above: 0 },
      contrast_sd: { warn_below: 200 },
      brightness_mean: { warn_above: 0.1 },
    };
    expect(assess(good, thresholds)).toMatchObject({
      is_valid: false,
      validation_score: 0.625,
      error_codes: [],
    });
  });

  it('leaves out what the manifest switches off', () => {
    const validation = assess((x) => 120 + 50 * Math.sin(x / 30), { sharpness_nvol: null });
    expect(validation).toMatchObject({ is_valid: true, validation_score: 1, motion_artifact_free: null });
    expect(validation.metrics.sharpness_nvol).toMatchObject({
      status: 'not_assessed',
      value: null,
      threshold: {},
    });
  });

  it('does not measure what nothing is judged by', () => {
    const measured = (thresholds: QualitySpec['thresholds']): string[] =>
      Object.entries(assess(good, thresholds).metrics).flatMap(([name, { value }]) =>
        value === null ? [] : name,
      );
    const levels = Object.keys(QUALITY_METRICS).filter((name) =>
      /brightness|clipped|contrast|share/.test(name),
    );
    expect(measured({ noise_sigma: null, sharpness_nvol: null, motion_anisotropy: null })).toEqual(levels);
    expect(measured({ sharpness_nvol: null, motion_anisotropy: null })).toEqual([
      ...levels,
      'noise_sigma',
      'noise_snr',
    ]);
    const nothing = Object.fromEntries(Object.keys(QUALITY_METRICS).map((name) => [name, null]));
    expect(measured(nothing)).toEqual([]);
    expect(assess(() => 0, nothing)).toMatchObject({ is_valid: true, validation_score: 1, error_codes: [] });
  });

  it('replaces single limits and publishes those it used', () => {
    const { metrics, error_codes } = assess(good, { brightness_mean: { fail_above: 0.2 } });
    expect(metrics.brightness_mean?.threshold).toEqual({
      fail_below: 0.04,
      warn_below: 0.08,
      warn_above: 0.85,
      fail_above: 0.2,
    });
    expect(error_codes).toEqual(['QUALITY_TOO_BRIGHT']);
  });

  it('does not call an image moved that is sharp, however much its directions differ', () => {
    const { metrics, error_codes } = assess((x, y) => 120 + 50 * Math.sin(x / 2) + 2 * Math.sin(y / 2));
    expect(metrics.motion_anisotropy).toMatchObject({ status: 'pass', value: expect.any(Number) as number });
    expect(metrics.motion_anisotropy!.value!).toBeGreaterThan(3);
    expect(error_codes).toEqual([]);
  });

  it('judges the image and not its border', () => {
    const inside = (x: number, y: number): boolean => x >= 20 && x < 108 && y >= 16 && y < 112;
    const framed = assess((x, y) => (inside(x, y) ? good(x, y) : 0));
    const { metrics, error_codes } = framed;
    expect(metrics.foreground_share!.value).toBeCloseTo((88 * 96) / 128 ** 2, 5);
    expect(error_codes).toEqual([]);
    const bare = assess(good).metrics;
    for (const name of ['brightness_mean', 'contrast_sd', 'sharpness_nvol', 'noise_sigma']) {
      expect(framed.metrics[name]!.value! / bare[name]!.value!).toBeCloseTo(1, 0);
    }
  });

  it('knows what a modality cannot be asked, unless the manifest says otherwise', () => {
    const moved = image((x) => 120 + 50 * Math.sin(x / 30));
    const statusOf = (modality: string, quality: Partial<QualitySpec> = {}): string =>
      assessQuality(moved, { policy: 'warn', thresholds: {}, ...quality }, modality).metrics
        .motion_anisotropy!.status;
    expect([statusOf('CR'), statusOf('MR')]).toEqual(['fail', 'not_assessed']);
    expect(statusOf('CR', { by_modality: { CR: { motion_anisotropy: null } } })).toBe('not_assessed');
    expect(statusOf('MR', { by_modality: { MR: { motion_anisotropy: { fail_above: 3 } } } })).toBe('fail');
  });
});
