import { fromFloat16, toFloat16 } from './float16';

/** IEEE 754-2019, table 3.5 */
const KNOWN: [number, number][] = [
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65_504, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [1023 * 2 ** -24, 0x03ff],
  [1 + 2 ** -10, 0x3c01],
  [Infinity, 0x7c00],
];

describe('float16', () => {
  it('knows its landmarks both ways', () => {
    for (const [value, half] of KNOWN) {
      expect([...toFloat16([value])]).toEqual([half]);
      expect([...fromFloat16(Uint16Array.of(half))]).toEqual([value]);
    }
  });

  it('brings every half that is a number back to itself', () => {
    const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half).filter(
      (half) => (half & 0x7fff) <= 0x7c00,
    );
    expect(
      Buffer.compare(Buffer.from(toFloat16(fromFloat16(halves)).buffer), Buffer.from(halves.buffer)),
    ).toBe(0);
  });

  it('rounds to the nearest, and to even in the middle', () => {
    const step = 2 ** -10;
    expect([...toFloat16([1 + step * 0.49, 1 + step * 0.5, 1 + step * 0.51, 1 + step * 1.5])]).toEqual([
      0x3c00, 0x3c00, 0x3c01, 0x3c02,
    ]);
    const least = 2 ** -24;
    expect([...toFloat16([least * 0.5, least * 0.51, least * 1.5])]).toEqual([0, 1, 2]);
    expect([...toFloat16([65_519, 65_520])]).toEqual([0x7bff, 0x7c00]);
  });

  it('keeps NaN', () => {
    expect([...fromFloat16(toFloat16([NaN]))]).toEqual([NaN]);
  });
});
