import { clockSkew } from './clock-skew';

describe('the difference to the clock of PostgreSQL', () => {
  it.each([
    ['told at the end of the round trip', 100, 100, 0.4, 0],
    ['told at its beginning', 100, 99.5, 0.5, 0],
    ['ahead by more than the round trip can explain', 108, 100, 0.5, 7.5],
    ['behind, which no round trip explains', 93, 100, 0.5, -7],
    ['a round trip that is longer than the difference', 106, 100, 8, 0],
  ])('%s', (_, here, there, roundTrip, skew) => {
    expect(clockSkew(here, there, roundTrip)).toBe(skew);
  });
});
