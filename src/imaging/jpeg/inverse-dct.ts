/**
 * Inverse DCT of an 8 x 8 block in integers: Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13 fraction bits, the
 * scaling and the rounding of libjpeg's `jidctint.c`, so that its results are the same to the bit.
 */
const CONST_BITS = 13;
/** 2^13 times the cosines of that paper, rounded. */
const [C0_298, C0_390, C0_541, C0_765, C0_899, C1_175] = [2446, 3196, 4433, 6270, 7373, 9633] as const;
const [C1_501, C1_847, C1_961, C2_053, C2_562, C3_072] = [12299, 15137, 16069, 16819, 20995, 25172] as const;

/** Products and sums stay within 32 bits; said so, they are computed in them. */
const { imul } = Math;

export class InverseDct {
  private readonly workspace = new Int32Array(64);
  private readonly passBits: number;
  private readonly centre: number;
  private readonly max: number;

  /** @param factors what each of the 64 coefficients is multiplied by, row by row; @param precision bits a sample */
  constructor(
    private readonly factors: Int32Array,
    precision: number,
  ) {
    this.passBits = precision === 8 ? 2 : 1;
    this.centre = 1 << (precision - 1);
    this.max = (1 << precision) - 1;
  }

  /** Samples of the block of coefficients at `from`, within 0 and 2^precision - 1; rows of the target are `stride` apart. */
  transform(
    coefficients: Int16Array,
    from: number,
    target: Uint16Array,
    offset: number,
    stride: number,
  ): void {
    for (let x = 0; x < 8; x++) this.column(coefficients, from, x);
    for (let y = 0; y < 8; y++) this.row(y * 8, target, offset + y * stride);
  }

  private column(data: Int16Array, from: number, x: number): void {
    const { workspace, factors, passBits } = this;
    const at = from + x;
    const s0 = imul(data[at]!, factors[x]!);
    const s1 = data[at + 8]!;
    const s2 = data[at + 16]!;
    const s3 = data[at + 24]!;
    const s4 = data[at + 32]!;
    const s5 = data[at + 40]!;
    const s6 = data[at + 48]!;
    const s7 = data[at + 56]!;
    if ((s1 | s2 | s3 | s4 | s5 | s6 | s7) === 0) {
      const level = s0 << passBits;
      for (let i = x; i < 64; i += 8) workspace[i] = level;
      return;
    }
    butterfly(
      workspace,
      x,
      8,
      CONST_BITS - passBits,
      s0,
      imul(s1, factors[x + 8]!),
      imul(s2, factors[x + 16]!),
      imul(s3, factors[x + 24]!),
      imul(s4, factors[x + 32]!),
      imul(s5, factors[x + 40]!),
      imul(s6, factors[x + 48]!),
      imul(s7, factors[x + 56]!),
    );
  }

  private row(at: number, target: Uint16Array, offset: number): void {
    const { workspace, passBits, centre, max } = this;
    const s0 = workspace[at]!;
    const s1 = workspace[at + 1]!;
    const s2 = workspace[at + 2]!;
    const s3 = workspace[at + 3]!;
    const s4 = workspace[at + 4]!;
    const s5 = workspace[at + 5]!;
    const s6 = workspace[at + 6]!;
    const s7 = workspace[at + 7]!;
    if ((s1 | s2 | s3 | s4 | s5 | s6 | s7) === 0) {
      const level = ((s0 + (1 << (passBits + 2))) >> (passBits + 3)) + centre;
      target.fill(level < 0 ? 0 : level > max ? max : level, offset, offset + 8);
      return;
    }
    butterfly(workspace, at, 1, CONST_BITS + passBits + 3, s0, s1, s2, s3, s4, s5, s6, s7);
    for (let x = 0; x < 8; x++) {
      const value = workspace[at + x]! + centre;
      target[offset + x] = value < 0 ? 0 : value > max ? max : value;
    }
  }
}

/** One pass over eight numbers, to positions `step` apart. */
function butterfly(
  to: Int32Array,
  at: number,
  step: number,
  shift: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
  s4: number,
  s5: number,
  s6: number,
  s7: number,
): void {
  const round = 1 << (shift - 1);
  const even = imul(s2 + s6, C0_541);
  const e2 = (even - imul(s6, C1_847)) | 0;
  const e3 = (even + imul(s2, C0_765)) | 0;
  const e0 = (((s0 + s4) << CONST_BITS) + round) | 0;
  const e1 = (((s0 - s4) << CONST_BITS) + round) | 0;
  const t10 = (e0 + e3) | 0;
  const t13 = (e0 - e3) | 0;
  const t11 = (e1 + e2) | 0;
  const t12 = (e1 - e2) | 0;

  const z5 = imul(s7 + s3 + s5 + s1, C1_175);
  const z1 = -imul(s7 + s1, C0_899) | 0;
  const z2 = -imul(s5 + s3, C2_562) | 0;
  const z3 = (z5 - imul(s7 + s3, C1_961)) | 0;
  const z4 = (z5 - imul(s5 + s1, C0_390)) | 0;
  const t0 = (imul(s7, C0_298) + z1 + z3) | 0;
  const t1 = (imul(s5, C2_053) + z2 + z4) | 0;
  const t2 = (imul(s3, C3_072) + z2 + z3) | 0;
  const t3 = (imul(s1, C1_501) + z1 + z4) | 0;

  to[at] = (t10 + t3) >> shift;
  to[at + 7 * step] = (t10 - t3) >> shift;
  to[at + step] = (t11 + t2) >> shift;
  to[at + 6 * step] = (t11 - t2) >> shift;
  to[at + 2 * step] = (t12 + t1) >> shift;
  to[at + 5 * step] = (t12 - t1) >> shift;
  to[at + 3 * step] = (t13 + t0) >> shift;
  to[at + 4 * step] = (t13 - t0) >> shift;
}
