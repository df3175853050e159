import { populationStabilityIndex } from './confidence-histogram';

describe('populationStabilityIndex', () => {
  it('is 0 for the same shares, whatever the counts', () => {
    expect(populationStabilityIndex([10, 30], [1, 3])).toBe(0);
  });

  it('is the sum of (p - q) ln(p / q)', () => {
    // 0.25 and 0.75 against 0.5 and 0.5: 0.25 ln 2 + 0.25 ln 1.5
    expect(populationStabilityIndex([1, 1], [1, 3])).toBeCloseTo(
      0.25 * Math.log(2) + 0.25 * Math.log(1.5),
      12,
    );
  });

  it('stays finite where a bin is empty', () => {
    expect(populationStabilityIndex([1, 1], [0, 2])).toBeGreaterThan(0.25);
    expect(populationStabilityIndex([2, 0], [0, 2])).toBeLessThan(Infinity);
  });

  it('is null without results on either side', () => {
    expect(populationStabilityIndex([0, 0], [1, 1])).toBeNull();
    expect(populationStabilityIndex([1, 1], [0, 0])).toBeNull();
  });
});
