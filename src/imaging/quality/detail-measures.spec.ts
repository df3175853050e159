import { atSharpnessScale, type Details, measureDetails, measureNoise } from './detail-measures';
import { type Border, type Displayed, findForeground, innerRuns } from './foreground';
import { countLevels, type Levels, measureLevels } from './level-measures';

/** `level`: 0..255. */
const displayed = (width: number, height: number, level: (x: number, y: number) => number): Displayed => ({
  width,
  height,
  data: Float32Array.from(
    { length: width * height },
    (_, i) => level(i % width, Math.floor(i / width)) / 255,
  ),
});

const levelsOf = (image: Displayed): Levels => measureLevels(countLevels(image));
const details = (image: Displayed, border?: Border): Details =>
  measureDetails(image, innerRuns(image, border))!;
const noiseSigma = (image: Displayed): number => details(image).noiseSigma;
const sharpness = (image: Displayed): number | null => details(atSharpnessScale(image)).sharpness;

/** Deterministic Gaussian noise: sum of 12 uniform numbers of a linear congruential generator. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}

describe('measureLevels', () => {
  it('gives moments, percentiles and clipped fractions', () => {
    // 1 to 100 in any order.
    const levels = levelsOf(displayed(10, 10, (x, y) => 1 + ((x * 10 + y) % 100)));
    expect(levels).toEqual({
      mean: expect.closeTo(50.5, 5) as number,
      sd: expect.closeTo(Math.sqrt((100 ** 2 - 1) / 12), 5) as number,
      min: 1,
      max: 100,
      p1: 1,
      p99: 99,
      dark: 1 + 1 / 32,
      clippedLow: 0.02,
      clippedHigh: 0,
      entropy: expect.closeTo(Math.log2(100), 10) as number,
    });
  });

  it('has no spread on a constant image, whatever its level', () => {
    for (const level of [0, 0.1, 127.3, 255]) {
      const { mean, sd, min, max } = levelsOf(displayed(50, 50, () => level));
      expect(mean).toBeCloseTo(level, 5);
      expect([sd, max - min]).toEqual([0, 0]);
    }
  });

  it('counts every pixel of an odd number once', () => {
    const { min, max, mean, clippedLow } = levelsOf(displayed(3, 1, (x) => [9, 0, 30][x]!));
    expect([min, max, mean, clippedLow]).toEqual([0, 30, expect.closeTo(13, 5) as number, 1 / 3]);
  });

  it('counts 253 to 255 and 0 to 2 as clipped', () => {
    const { clippedLow, clippedHigh } = levelsOf(
      displayed(8, 1, (x) => [0, 1, 2, 3, 252, 253, 254, 255][x]!),
    );
    expect([clippedLow, clippedHigh]).toEqual([3 / 8, 3 / 8]);
  });
});

describe('noiseSigma', () => {
  it('is the mask applied by hand to a single bright pixel', () => {
    // 5 x 5: |response| sums to 16 per level over the 3 x 3 inner pixels, the mask itself.
    const sigma = noiseSigma(displayed(5, 5, (x, y) => (x === 2 && y === 2 ? 100 : 0)));
    expect(sigma).toBeCloseTo((Math.sqrt(Math.PI / 2) * 16 * 100) / (6 * 9), 5);
  });

  it('does not see planes', () => {
    expect(noiseSigma(displayed(20, 10, (x, y) => 3 * x + 2 * y + 10))).toBeCloseTo(0, 4);
  });

  it('is the same when nothing else is asked, with a border and without', () => {
    const noise = gaussian(3);
    const image = displayed(70, 50, (x, y) => (x + y < 30 ? 0 : 128 + 20 * Math.sin(x / 9) + 5 * noise()));
    const { border } = findForeground(image, 1 / 255);
    for (const inside of [undefined, border!]) {
      expect(measureNoise(image, innerRuns(image, inside))).toBeCloseTo(details(image, inside).noiseSigma, 5);
    }
  });

  it.each([5, 10, 20])('finds a deviation of %d within 3 per cent', (sigma) => {
    const noise = gaussian(sigma);
    const found = noiseSigma(
      displayed(256, 256, (x, y) => 128 + 20 * Math.sin((x + y) / 40) + sigma * noise()),
    );
    expect(Math.abs(found / sigma - 1)).toBeLessThan(0.03);
  });
});

const texture = (x: number, y: number): number => 128 + 40 * Math.sin(x / 2 + 1) * Math.cos(y / 3 + 1);

describe('normalised variance of the Laplacian', () => {
  it('is the ratio worked out by hand', () => {
    // Alternating columns 0 and 10: the Laplacian is 20 and -20, so 400 over a variance of 25.
    expect(sharpness(displayed(10, 6, (x) => (x % 2) * 10))).toBeCloseTo(16, 5);
  });

  it('does not depend on contrast', () => {
    const full = sharpness(displayed(128, 128, texture))!;
    const half = sharpness(displayed(128, 128, (x, y) => texture(x, y) / 2))!;
    expect(half / full).toBeCloseTo(1, 4);
  });

  it('compares images of any size at 512 pixels', () => {
    const small = sharpness(displayed(512, 512, (x, y) => texture(x / 4, y / 4)))!;
    const large = sharpness(displayed(1024, 1024, (x, y) => texture(x / 8, y / 8)))!;
    expect(large / small).toBeCloseTo(1, 2);
  });

  it('is not defined where nothing is left to compare', () => {
    expect(sharpness(displayed(64, 64, () => 99.9))).toBeNull();
    // Cancels out when reduced to 512.
    expect(sharpness(displayed(1024, 1024, (x, y) => ((x + y) % 2) * 255))).toBeNull();
  });
});

describe('anisotropy', () => {
  const anisotropy = (level: (x: number, y: number) => number): number | null =>
    details(displayed(64, 64, level)).anisotropy;

  it('is the ratio of second differences worked out by hand', () => {
    // Along rows every second difference is 40 or -40, along columns 10 or -10: 16 times the square, so 4 octaves.
    expect(anisotropy((x, y) => (x % 2) * 20 + (y % 2) * 5)).toBeCloseTo(4, 5);
    expect(anisotropy((x, y) => (x % 2) * 5 + (y % 2) * 20)).toBeCloseTo(4, 5);
  });

  it('sees movement along a diagonal, which rows and columns feel alike', () => {
    expect(anisotropy((x, y) => 128 + 100 * Math.sin((x + y) / 2))).toBeGreaterThan(4);
    expect(anisotropy((x, y) => 128 + 100 * Math.sin((x - y) / 2))).toBeGreaterThan(4);
  });

  it('is nothing where nothing changes, and finite where only one direction does', () => {
    expect(anisotropy(() => 100)).toBeNull();
    expect(anisotropy((x) => (x % 2) * 100)).toBe(16);
  });
});

describe('foreground', () => {
  it('is everything where no border is', () => {
    const image = displayed(64, 64, texture);
    expect(findForeground(image, 0)).toEqual({ border: undefined, pixels: 4096 });
  });

  it('leaves out rows and columns of one value, whatever the value', () => {
    const image = displayed(64, 64, (x, y) => (x < 5 || y >= 60 ? 255 : texture(x, y)));
    const { border, pixels } = findForeground(image, 0);
    expect(pixels).toBe(59 * 60);
    expect([4, 5, 60 * 64 + 20].map((at) => border!.mask[at])).toEqual([0, 1, 0]);
    expect(innerRuns(image, border)).toEqual(
      Array.from({ length: 58 }, (_, i) => [(i + 1) * 64 + 6, (i + 1) * 64 + 63]).flat(),
    );
  });

  it('leaves out dark areas that touch the edge, and keeps those that do not', () => {
    // A dark corner cut off at a slant, and a dark hole in the middle.
    const image = displayed(64, 64, (x, y) =>
      x + y < 20 || Math.hypot(x - 32, y - 32) < 4 ? 0 : texture(x, y),
    );
    const { border, pixels } = findForeground(image, 1 / 255);
    expect(pixels).toBe(4096 - (20 * 21) / 2);
    expect(border!.rows.lastIndexOf(1)).toBe(19);
    expect([0, 19, 20, 32 * 64 + 32].map((at) => border!.mask[at])).toEqual([0, 0, 1, 1]);
  });

  it('follows a dark area round corners, and no gap that touches at corners alone', () => {
    // 1 is dark and reached, 2 is dark and not reached
    const plan = ['111111', '199991', '192291', '199929', '111199'];
    const image = displayed(6, 5, (x, y) => (plan[y]![x] === '9' ? 90 + x + 7 * y : 0));
    const { border } = findForeground({ ...image, data: image.data.map((v, i) => v + i * 1e-6) }, 1 / 255);
    expect(plan.map((row, y) => Array.from(row, (_, x) => border!.mask[y * 6 + x]).join(''))).toEqual(
      plan.map((row) => row.replace(/./g, (cell) => (cell === '1' ? '0' : '1'))),
    );
  });

  it('has no inner pixels where it is two pixels wide', () => {
    const mask = new Uint8Array(25).map((_, i) => (i % 5 < 2 ? 1 : 0));
    expect(innerRuns({ width: 5, height: 5 }, { mask, rows: new Uint8Array(5).fill(1) })).toEqual([]);
  });

  it('is nothing in an image of one value', () => {
    expect(
      findForeground(
        displayed(64, 64, () => 7),
        8 / 255,
      ).pixels,
    ).toBe(0);
  });
});
