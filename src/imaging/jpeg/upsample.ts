import type { Plane } from './dct-blocks';
import { unsupportedJpeg } from './jpeg-errors';
import type { JpegComponent, JpegFrame } from './jpeg-frame';

/**
 * Rows of a component at the resolution of the image. Half resolution is interpolated as libjpeg-turbo does ("fancy
 * upsampling": 3/4 of the nearer and 1/4 of the further sample), any other is repeated.
 */
export class RowSource {
  private readonly row: Uint16Array;
  private readonly sums: Uint16Array;
  private readonly right: number;
  private readonly down: number;

  /** @throws DomainError IMAGE_FORMAT_UNSUPPORTED for factors that are not whole */
  constructor(
    { hMax, vMax }: JpegFrame,
    private readonly component: JpegComponent,
    private readonly plane: Plane,
  ) {
    [this.right, this.down] = [hMax / component.h, vMax / component.v];
    if (!Number.isInteger(this.right) || !Number.isInteger(this.down)) {
      throw unsupportedJpeg('This chroma subsampling');
    }
    this.row = new Uint16Array(component.width * this.right);
    this.sums = new Uint16Array(component.width);
  }

  /** Valid until the next call. */
  at(y: number): Uint16Array {
    const { right, down } = this;
    if (right === 1 && down === 1) return this.line(y);
    if (right === 2 && down === 1) return this.widen(this.line(y), 1);
    if (right === 2 && down === 2) return this.widen(this.between(y), 4);
    if (right === 1 && down === 2) return this.scaled(this.between(y), y % 2 === 0 ? 1 : 2);
    return this.repeated(this.line(Math.floor(y / down)));
  }

  private line(y: number): Uint16Array {
    const start = y * this.plane.stride;
    return this.plane.data.subarray(start, start + this.component.width);
  }

  /** Four times the row in between: three of the nearer line and one of the further. */
  private between(y: number): Uint16Array {
    const nearer = y >> 1;
    const further = Math.min(Math.max(y % 2 === 0 ? nearer - 1 : nearer + 1, 0), this.component.height - 1);
    const [near, far, { sums }] = [this.line(nearer), this.line(further), this];
    for (let x = 0; x < sums.length; x++) sums[x] = 3 * near[x]! + far[x]!;
    return sums;
  }

  private scaled(sums: Uint16Array, round: number): Uint16Array {
    const { row } = this;
    for (let x = 0; x < sums.length; x++) row[x] = (sums[x]! + round) >> 2;
    return row;
  }

  /** Twice as wide; `scale` is what the line holds its samples times of. Rounding alternates, as in libjpeg. */
  private widen(line: Uint16Array, scale: 1 | 4): Uint16Array {
    const { row } = this;
    const last = line.length - 1;
    const [low, high, shift] = scale === 1 ? [1, 2, 2] : [8, 7, 4];
    let left = line[0]!;
    let centre = left;
    for (let x = 0, to = 0; x < last; x++, to += 2) {
      const right = line[x + 1]!;
      row[to] = (3 * centre + left + low) >> shift;
      row[to + 1] = (3 * centre + right + high) >> shift;
      left = centre;
      centre = right;
    }
    row[2 * last] = (3 * centre + left + low) >> shift;
    row[2 * last + 1] = (4 * centre + high) >> shift;
    return row;
  }

  private repeated(line: Uint16Array): Uint16Array {
    const { row, right } = this;
    for (let x = 0; x < line.length; x++) row.fill(line[x]!, x * right, (x + 1) * right);
    return row;
  }
}
