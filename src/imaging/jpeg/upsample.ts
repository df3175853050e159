import type { Plane } from './dct-blocks';
import { unsupportedJpeg } from './jpeg-errors';
import type { JpegComponent, JpegFrame } from './jpeg-frame';

/**
 * Rows of a component at the resolution of the image. Half resolution is interpolated as libjpeg-turbo does ("fancy
 * upsampling": 3/4 of the nearer and 1/4 of the further sample), any other is repeated.
 */
export class RowSource {
  private readonly row: Uint16Array;
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
  }

  /** Valid until the next call. */
  at(y: number): Uint16Array {
    const { right, down } = this;
    if (right === 1 && down === 1) return this.line(y);
    if (right === 2 && down === 1) return this.widened(this.line(y), this.line(y), 4, 8);
    if (right === 2 && down === 2) return this.widened(this.line(y >> 1), this.further(y), 8, 7);
    if (right === 1 && down === 2) return this.between(this.line(y >> 1), this.further(y), 1 + (y % 2));
    return this.repeated(this.line(Math.floor(y / down)));
  }

  private line(y: number): Uint16Array {
    const start = y * this.plane.stride;
    return this.plane.data.subarray(start, start + this.component.width);
  }

  /** The second nearest line of a row at twice the resolution. */
  private further(y: number): Uint16Array {
    const line = (y >> 1) + (y % 2 === 0 ? -1 : 1);
    return this.line(Math.min(Math.max(line, 0), this.component.height - 1));
  }

  private between(near: Uint16Array, far: Uint16Array, round: number): Uint16Array {
    const { row } = this;
    for (let x = 0; x < row.length; x++) row[x] = (3 * near[x]! + far[x]! + round) >> 2;
    return row;
  }

  /** Twice as wide, from the sums of the line between two, four times its samples. Rounding alternates, as in libjpeg. */
  private widened(near: Uint16Array, far: Uint16Array, low: number, high: number): Uint16Array {
    const { row } = this;
    const last = near.length - 1;
    let left = 3 * near[0]! + far[0]!;
    let centre = left;
    for (let x = 0, to = 0; x < last; x++, to += 2) {
      const right = 3 * near[x + 1]! + far[x + 1]!;
      row[to] = (3 * centre + left + low) >> 4;
      row[to + 1] = (3 * centre + right + high) >> 4;
      left = centre;
      centre = right;
    }
    row[2 * last] = (3 * centre + left + low) >> 4;
    row[2 * last + 1] = (4 * centre + high) >> 4;
    return row;
  }

  private repeated(line: Uint16Array): Uint16Array {
    const { row, right } = this;
    for (let x = 0; x < line.length; x++) row.fill(line[x]!, x * right, (x + 1) * right);
    return row;
  }
}
