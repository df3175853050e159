import { unsupportedDicom } from '../../dicom-errors';
import type { Plane } from './dct-scan';
import type { JpegFrame } from './jpeg-segments';

/**
 * Puts components of different resolution together, interleaved. Chroma at half resolution is interpolated as libjpeg
 * does ("fancy upsampling": 3/4 of the nearer and 1/4 of the further sample).
 * @throws DomainError IMAGE_FORMAT_UNSUPPORTED for other factors than 1 and 2
 */
export function interleave(frame: JpegFrame, planes: readonly Plane[]): Uint16Array {
  const { width, height, components } = frame;
  const [hMax, vMax] = [Math.max(...components.map(({ h }) => h)), Math.max(...components.map(({ v }) => v))];
  const samples = new Uint16Array(width * height * components.length);
  for (const [c, { h, v }] of components.entries()) {
    const [right, down] = [hMax / h, vMax / v];
    if (!(right === 1 || right === 2) || !(down === 1 || (down === 2 && right === 2))) {
      throw unsupportedDicom('This chroma subsampling');
    }
    const size = { width: Math.ceil(width / right), height: Math.ceil(height / down) };
    const rowOf = new RowSource(planes[c]!, size, right, down);
    for (let y = 0; y < height; y++) {
      const row = rowOf.at(y);
      for (let x = 0, to = y * width * components.length + c; x < width; x++, to += components.length) {
        samples[to] = row[x]!;
      }
    }
  }
  return samples;
}

class RowSource {
  private readonly row: Uint16Array;
  private readonly sums: Uint32Array;

  constructor(
    private readonly plane: Plane,
    private readonly size: { width: number; height: number },
    private readonly right: number,
    private readonly down: number,
  ) {
    this.row = new Uint16Array(size.width * 2);
    this.sums = new Uint32Array(size.width);
  }

  at(y: number): Uint16Array {
    if (this.right === 1) return this.line(y);
    return this.down === 1 ? this.widen(this.line(y), 1) : this.widen(this.between(y), 4);
  }

  private line(y: number): Uint16Array {
    return this.plane.data.subarray(y * this.plane.stride, y * this.plane.stride + this.size.width);
  }

  /** Four times the row in between: three of the nearer line and one of the further. */
  private between(y: number): Uint32Array {
    const nearer = Math.floor(y / 2);
    const further = Math.min(Math.max(y % 2 === 0 ? nearer - 1 : nearer + 1, 0), this.size.height - 1);
    const [near, far] = [this.line(nearer), this.line(further)];
    for (let x = 0; x < this.sums.length; x++) this.sums[x] = 3 * near[x]! + far[x]!;
    return this.sums;
  }

  /** Twice as wide; `scale` is what the line holds its samples times of. Rounding alternates, as in libjpeg. */
  private widen(line: Uint16Array | Uint32Array, scale: 1 | 4): Uint16Array {
    const { row } = this;
    const last = line.length - 1;
    const [low, high] = scale === 1 ? [1, 2] : [8, 7];
    const shift = scale === 1 ? 2 : 4;
    for (let x = 0; x <= last; x++) {
      const [left, centre, right] = [line[Math.max(x - 1, 0)]!, line[x]!, line[Math.min(x + 1, last)]!];
      row[2 * x] = (3 * centre + left + low) >> shift;
      row[2 * x + 1] = (3 * centre + right + high) >> shift;
    }
    return row;
  }
}
