/**
 * Inverse DCT of an 8 x 8 block in integers: Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13 fraction bits, the
 * scaling and the rounding of libjpeg's `jidctint.c`, so that its results are the same to the bit.
 */
const CONST_BITS = 13;
/** 2^13 times the cosines of that paper, rounded. */
const [C0_298, C0_390, C0_541, C0_765, C0_899, C1_175] = [2446, 3196, 4433, 6270, 7373, 9633] as const;
const [C1_501, C1_847, C1_961, C2_053, C2_562, C3_072] = [12299, 15137, 16069, 16819, 20995, 25172] as const;

/** In zigzag order, where the first coefficient of the right half of a block stands. */
const FIRST_ON_THE_RIGHT = 14;

/** Products and sums stay within 32 bits; said so, they are computed in them. */
const { imul } = Math;

/** The eight numbers of a column and of a row are transformed alike: written out in each, it takes half of the time. */
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

  /**
   * Samples of the block of coefficients at `from`, within 0 and 2^precision - 1; rows of the target are `stride` apart.
   * @param last position in the file, which is zigzag order, behind which all coefficients are 0
   */
  transform(
    coefficients: Int16Array,
    from: number,
    last: number,
    target: Uint16Array,
    offset: number,
    stride: number,
  ): void {
    if (last === 0) this.flat(coefficients[from]!, target, offset, stride);
    else if (this.columns(coefficients, from, last < FIRST_ON_THE_RIGHT ? 4 : 8))
      this.rows(target, offset, stride);
    else this.narrowRows(target, offset, stride);
  }

  /** A block of one level: `columns` and `rows` of a single coefficient. */
  private flat(coefficient: number, target: Uint16Array, offset: number, stride: number): void {
    const { factors, centre, max } = this;
    const level = clamp(((imul(coefficient, factors[0]!) + 4) >> 3) + centre, max);
    for (let row = 0, at = offset; row < 8; row++, at += stride) {
      for (let x = 0; x < 8; x++) target[at + x] = level;
    }
  }

  /** Of the first `count` columns; true: there is something in the right half of them. */
  private columns(data: Int16Array, from: number, count: number): boolean {
    const { workspace, factors, passBits } = this;
    let right = 0;
    const shift = CONST_BITS - passBits;
    const round = 1 << (shift - 1);
    for (let x = 0; x < count; x++) {
      const at = from + x;
      const s0 = imul(data[at]!, factors[x]!);
      let s1 = data[at + 8]!;
      let s2 = data[at + 16]!;
      let s3 = data[at + 24]!;
      let s4 = data[at + 32]!;
      let s5 = data[at + 40]!;
      let s6 = data[at + 48]!;
      let s7 = data[at + 56]!;
      const others = s1 | s2 | s3 | s4 | s5 | s6 | s7;
      if (x > 3) right |= s0 | others;
      if (others === 0) {
        const level = s0 << passBits;
        workspace[x] = level;
        workspace[x + 8] = level;
        workspace[x + 16] = level;
        workspace[x + 24] = level;
        workspace[x + 32] = level;
        workspace[x + 40] = level;
        workspace[x + 48] = level;
        workspace[x + 56] = level;
        continue;
      }
      s1 = imul(s1, factors[x + 8]!);
      s2 = imul(s2, factors[x + 16]!);
      s3 = imul(s3, factors[x + 24]!);
      s4 = imul(s4, factors[x + 32]!);
      s5 = imul(s5, factors[x + 40]!);
      s6 = imul(s6, factors[x + 48]!);
      s7 = imul(s7, factors[x + 56]!);
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
      workspace[x] = (t10 + t3) >> shift;
      workspace[x + 8] = (t11 + t2) >> shift;
      workspace[x + 16] = (t12 + t1) >> shift;
      workspace[x + 24] = (t13 + t0) >> shift;
      workspace[x + 32] = (t13 - t0) >> shift;
      workspace[x + 40] = (t12 - t1) >> shift;
      workspace[x + 48] = (t11 - t2) >> shift;
      workspace[x + 56] = (t10 - t3) >> shift;
    }
    return right !== 0;
  }

  private rows(target: Uint16Array, offset: number, stride: number): void {
    const { workspace, passBits, centre, max } = this;
    const shift = CONST_BITS + passBits + 3;
    const round = 1 << (shift - 1);
    for (let row = 0, at = offset; row < 64; row += 8, at += stride) {
      const s0 = workspace[row]!;
      const s1 = workspace[row + 1]!;
      const s2 = workspace[row + 2]!;
      const s3 = workspace[row + 3]!;
      const s4 = workspace[row + 4]!;
      const s5 = workspace[row + 5]!;
      const s6 = workspace[row + 6]!;
      const s7 = workspace[row + 7]!;
      if ((s1 | s2 | s3 | s4 | s5 | s6 | s7) === 0) {
        const level = clamp(((s0 + (1 << (passBits + 2))) >> (passBits + 3)) + centre, max);
        target[at] = level;
        target[at + 1] = level;
        target[at + 2] = level;
        target[at + 3] = level;
        target[at + 4] = level;
        target[at + 5] = level;
        target[at + 6] = level;
        target[at + 7] = level;
        continue;
      }
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
      target[at] = clamp(((t10 + t3) >> shift) + centre, max);
      target[at + 1] = clamp(((t11 + t2) >> shift) + centre, max);
      target[at + 2] = clamp(((t12 + t1) >> shift) + centre, max);
      target[at + 3] = clamp(((t13 + t0) >> shift) + centre, max);
      target[at + 4] = clamp(((t13 - t0) >> shift) + centre, max);
      target[at + 5] = clamp(((t12 - t1) >> shift) + centre, max);
      target[at + 6] = clamp(((t11 - t2) >> shift) + centre, max);
      target[at + 7] = clamp(((t10 - t3) >> shift) + centre, max);
    }
  }

  /** As `rows`, without the products of zeros: most blocks have nothing in the right half of their columns. */
  private narrowRows(target: Uint16Array, offset: number, stride: number): void {
    const { workspace, passBits, centre, max } = this;
    const shift = CONST_BITS + passBits + 3;
    const round = 1 << (shift - 1);
    for (let row = 0, at = offset; row < 64; row += 8, at += stride) {
      const s1 = workspace[row + 1]!;
      const s2 = workspace[row + 2]!;
      const s3 = workspace[row + 3]!;
      const e0 = ((workspace[row]! << CONST_BITS) + round) | 0;
      const e2 = imul(s2, C0_541);
      const e3 = imul(s2, C0_541 + C0_765);
      const t10 = (e0 + e3) | 0;
      const t13 = (e0 - e3) | 0;
      const t11 = (e0 + e2) | 0;
      const t12 = (e0 - e2) | 0;
      const t0 = (imul(s1, C1_175 - C0_899) + imul(s3, C1_175 - C1_961)) | 0;
      const t1 = (imul(s1, C1_175 - C0_390) + imul(s3, C1_175 - C2_562)) | 0;
      const t2 = (imul(s1, C1_175) + imul(s3, C1_175 - C1_961 - C2_562 + C3_072)) | 0;
      const t3 = (imul(s1, C1_175 - C0_390 - C0_899 + C1_501) + imul(s3, C1_175)) | 0;
      target[at] = clamp(((t10 + t3) >> shift) + centre, max);
      target[at + 1] = clamp(((t11 + t2) >> shift) + centre, max);
      target[at + 2] = clamp(((t12 + t1) >> shift) + centre, max);
      target[at + 3] = clamp(((t13 + t0) >> shift) + centre, max);
      target[at + 4] = clamp(((t13 - t0) >> shift) + centre, max);
      target[at + 5] = clamp(((t12 - t1) >> shift) + centre, max);
      target[at + 6] = clamp(((t11 - t2) >> shift) + centre, max);
      target[at + 7] = clamp(((t10 - t3) >> shift) + centre, max);
    }
  }
}

/** @param max all ones: seldom is there a bit outside of them */
const clamp = (value: number, max: number): number => ((value & ~max) === 0 ? value : value < 0 ? 0 : max);
