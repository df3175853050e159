import { type Displayed, measureLevels, noiseSigma, normalisedLaplacianVariance } from './quality-measures';

const displayed = (width: number, height: number, level: (x: number, y: number) => number): Displayed => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width))),
});

/** Deterministic Gaussian noise: sum of 12 uniform numbers of a linear congruential generator. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}

describe('measureLevels', () => {
  it('gives moments, percentiles and clipped fractions', () => {
    // 1 to 100 in any order.
    const levels = measureLevels(displayed(10, 10, (x, y) => 1 + ((x * 10 + y) % 100)));
    expect(levels).toEqual({
      mean: 50.5,
      sd: Math.sqrt((100 ** 2 - 1) / 12),
      min: 1,
      max: 100,
      p1: 1,
      p99: 99,
      clippedLow: 0.02,
      clippedHigh: 0,
    });
  });

  it('has no spread on a constant image, whatever its level', () => {
    for (const level of [0, 0.1, 127.3, 255]) {
      const { mean, sd, min, max } = measureLevels(displayed(50, 50, () => level));
      expect(mean).toBeCloseTo(level, 5);
      expect([sd, max - min]).toEqual([0, 0]);
    }
  });

  it('counts 253 to 255 and 0 to 2 as clipped', () => {
    const { clippedLow, clippedHigh } = measureLevels(
      displayed(8, 1, (x) => [0, 1, 2, 3, 252, 253, 254, 255][x]!),
    );
    expect([clippedLow, clippedHigh]).toEqual([3 / 8, 3 / 8]);
  });
});

describe('noiseSigma', () => {
  it('is the mask applied by hand to a single bright pixel', () => {
    // 5 x 5: |response| sums to 16 per level over the 3 x 3 inner pixels, the mask itself.
    const sigma = noiseSigma(displayed(5, 5, (x, y) => (x === 2 && y === 2 ? 100 : 0)));
    expect(sigma).toBeCloseTo((Math.sqrt(Math.PI / 2) * 16 * 100) / (6 * 9), 10);
  });

  it('does not see planes', () => {
    expect(noiseSigma(displayed(20, 10, (x, y) => 3 * x + 2 * y + 10))).toBe(0);
  });

  it.each([5, 10, 20])('finds a deviation of %d within 3 per cent', (sigma) => {
    const noise = gaussian(sigma);
    const found = noiseSigma(
      displayed(256, 256, (x, y) => 128 + 20 * Math.sin((x + y) / 40) + sigma * noise()),
    );
    expect(Math.abs(found / sigma - 1)).toBeLessThan(0.03);
  });
});

const texture = (x: number, y: number): number => 128 + 40 * Math.sin(x / 2) * Math.cos(y / 3);

describe('normalisedLaplacianVariance', () => {
  it('is the ratio worked out by hand', () => {
    // Alternating columns 0 and 10: the Laplacian is 20 and -20, so 400 over a variance of 25.
    expect(normalisedLaplacianVariance(displayed(10, 6, (x) => (x % 2) * 10))).toBeCloseTo(16, 10);
  });

  it('does not depend on contrast', () => {
    const full = normalisedLaplacianVariance(displayed(128, 128, texture))!;
    const half = normalisedLaplacianVariance(displayed(128, 128, (x, y) => texture(x, y) / 2))!;
    expect(half / full).toBeCloseTo(1, 4);
  });

  it('compares images of any size at 512 pixels', () => {
    const small = normalisedLaplacianVariance(displayed(512, 512, (x, y) => texture(x / 4, y / 4)))!;
    const large = normalisedLaplacianVariance(displayed(1024, 1024, (x, y) => texture(x / 8, y / 8)))!;
    expect(large / small).toBeCloseTo(1, 2);
  });

  it('is not defined where nothing is left to compare', () => {
    expect(normalisedLaplacianVariance(displayed(64, 64, () => 99.9))).toBeNull();
    // Cancels out when reduced to 512.
    expect(normalisedLaplacianVariance(displayed(1024, 1024, (x, y) => ((x + y) % 2) * 255))).toBeNull();
  });
});
