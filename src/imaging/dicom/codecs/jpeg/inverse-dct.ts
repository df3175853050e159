/**
 * Inverse DCT of an 8 x 8 block in integers: Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13 fraction bits, the
 * scaling and the rounding of libjpeg's `jidctint.c`, so that its results are the same to the bit.
 */
const CONST_BITS = 13;
const FIX = {
  c0_298: 2446,
  c0_390: 3196,
  c0_541: 4433,
  c0_765: 6270,
  c0_899: 7373,
  c1_175: 9633,
  c1_501: 12299,
  c1_847: 15137,
  c1_961: 16069,
  c2_053: 16819,
  c2_562: 20995,
  c3_072: 25172,
} as const;

const workspace = new Int32Array(64);

/**
 * @param block 64 dequantised coefficients, row by row
 * @param target gets the samples at `offset`, rows `stride` apart, within 0 and 2^precision - 1
 */
export function inverseDct(
  block: Int32Array,
  precision: number,
  target: Uint16Array,
  offset: number,
  stride: number,
): void {
  const passBits = precision === 8 ? 2 : 1;
  for (let x = 0; x < 8; x++) {
    butterfly(block, x, 8, workspace, CONST_BITS - passBits);
  }
  const centre = 1 << (precision - 1);
  const max = (1 << precision) - 1;
  for (let y = 0; y < 8; y++) {
    butterfly(workspace, y * 8, 1, workspace, CONST_BITS + passBits + 3);
    const row = offset + y * stride;
    for (let x = 0; x < 8; x++) {
      const value = workspace[y * 8 + x]! + centre;
      target[row + x] = value < 0 ? 0 : value > max ? max : value;
    }
  }
}

/** One pass over eight numbers `step` apart. */
function butterfly(from: Int32Array, at: number, step: number, to: Int32Array, shift: number): void {
  const round = 1 << (shift - 1);
  const s2 = from[at + 2 * step]!;
  const s6 = from[at + 6 * step]!;
  const even = (s2 + s6) * FIX.c0_541;
  const e2 = even - s6 * FIX.c1_847;
  const e3 = even + s2 * FIX.c0_765;
  const e0 = (from[at]! + from[at + 4 * step]!) * (1 << CONST_BITS);
  const e1 = (from[at]! - from[at + 4 * step]!) * (1 << CONST_BITS);
  const t10 = e0 + e3 + round;
  const t13 = e0 - e3 + round;
  const t11 = e1 + e2 + round;
  const t12 = e1 - e2 + round;

  const o7 = from[at + 7 * step]!;
  const o5 = from[at + 5 * step]!;
  const o3 = from[at + 3 * step]!;
  const o1 = from[at + step]!;
  const z5 = (o7 + o3 + o5 + o1) * FIX.c1_175;
  const z1 = -(o7 + o1) * FIX.c0_899;
  const z2 = -(o5 + o3) * FIX.c2_562;
  const z3 = z5 - (o7 + o3) * FIX.c1_961;
  const z4 = z5 - (o5 + o1) * FIX.c0_390;
  const t0 = o7 * FIX.c0_298 + z1 + z3;
  const t1 = o5 * FIX.c2_053 + z2 + z4;
  const t2 = o3 * FIX.c3_072 + z2 + z3;
  const t3 = o1 * FIX.c1_501 + z1 + z4;

  to[at] = (t10 + t3) >> shift;
  to[at + 7 * step] = (t10 - t3) >> shift;
  to[at + step] = (t11 + t2) >> shift;
  to[at + 6 * step] = (t11 - t2) >> shift;
  to[at + 2 * step] = (t12 + t1) >> shift;
  to[at + 5 * step] = (t12 - t1) >> shift;
  to[at + 3 * step] = (t13 + t0) >> shift;
  to[at + 4 * step] = (t13 - t0) >> shift;
}
