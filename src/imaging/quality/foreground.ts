/** Displayed values of one channel, 0..1, row-major. */
export interface Displayed {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export interface Border {
  /** 0 for the pixels of the border, 1 for all others. */
  readonly mask: Uint8Array;
  /** 1 for rows that have some of it: often they are few. */
  readonly rows: Uint8Array;
}

/** What of an image is looked at. */
export interface Foreground {
  /** undefined: it has none. */
  readonly border: Border | undefined;
  readonly pixels: number;
}

/**
 * The image without what frames it: rows and columns of one single value at the edges, and dark areas that touch what
 * is left of the edges, such as padding and the space outside of a collimator.
 * @param dark values below it may be border
 */
export function findForeground(displayed: Displayed, dark: number): Foreground {
  const { width, height } = displayed;
  const frame = withoutConstantBorder(displayed);
  const inFrame = Math.max(0, frame.right - frame.left) * Math.max(0, frame.bottom - frame.top);
  const seeds = darkEdge(displayed, frame, dark);
  if (inFrame === width * height && seeds.length === 0) return { border: undefined, pixels: inFrame };
  const border = borderOf(displayed, frame);
  return { border, pixels: inFrame - removeDark(displayed, border, seeds, dark) };
}

/**
 * The pixels that are foreground together with their eight neighbours, as runs along rows: where each begins and where
 * it has ended, in turn. The outermost pixels of the image lack neighbours.
 */
export function innerRuns(
  { width, height }: Pick<Displayed, 'width' | 'height'>,
  border: Border | undefined,
): number[] {
  const runs: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    const row = y * width;
    if (border && (border.rows[y - 1]! | border.rows[y]! | border.rows[y + 1]!) === 1)
      pushRuns(runs, border.mask, row, width);
    else runs.push(row + 1, row + width - 1);
  }
  return runs;
}

/** Of columns that are foreground in three rows, all but the first and the last have such neighbours. */
function pushRuns(runs: number[], mask: Uint8Array, row: number, width: number): void {
  const end = row + width;
  for (let start = row, at = row; at <= end; at++) {
    if (at < end && (mask[at - width]! & mask[at]! & mask[at + width]!) === 1) continue;
    if (at - start > 2) runs.push(start + 1, at - 1);
    start = at + 1;
  }
}

interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Each side loses rows or columns of its first value only: an image that changes in one direction is no border. */
function withoutConstantBorder({ width, height, data }: Displayed): Frame {
  const frame = { left: 0, right: width, top: 0, bottom: height };
  const corner = width * height - 1;
  const holds = (value: number, from: number, step: number, count: number): boolean => {
    for (let i = 0, at = from; i < count; i++, at += step) if (data[at] !== value) return false;
    return count > 0;
  };
  const row = (y: number, value: number): boolean =>
    holds(value, y * width + frame.left, 1, frame.right - frame.left);
  const column = (x: number, value: number): boolean =>
    holds(value, frame.top * width + x, width, frame.bottom - frame.top);
  while (frame.top < frame.bottom && row(frame.top, data[0]!)) frame.top++;
  while (frame.top < frame.bottom && row(frame.bottom - 1, data[corner]!)) frame.bottom--;
  while (frame.left < frame.right && column(frame.left, data[frame.top * width]!)) frame.left++;
  const lastRow = (frame.bottom - 1) * width;
  const right = data[lastRow + width - 1]!;
  while (frame.left < frame.right && column(frame.right - 1, right)) frame.right--;
  return frame;
}

function borderOf({ width, height }: Displayed, { left, right, top, bottom }: Frame): Border {
  const mask = new Uint8Array(width * height);
  for (let y = top; y < bottom; y++) mask.fill(1, y * width + left, y * width + right);
  const rows = new Uint8Array(height).fill(1);
  if (right - left === width) rows.fill(0, top, bottom);
  return { mask, rows };
}

function darkEdge({ width, data }: Displayed, { left, right, top, bottom }: Frame, dark: number): number[] {
  const seeds: number[] = [];
  const look = (at: number): void => {
    if (data[at]! < dark) seeds.push(at);
  };
  if (top >= bottom || left >= right) return seeds;
  for (let x = left; x < right; x++) {
    look(top * width + x);
    look((bottom - 1) * width + x);
  }
  for (let y = top; y < bottom; y++) {
    look(y * width + left);
    look(y * width + right - 1);
  }
  return seeds;
}

/** Clears the dark areas around the seeds, four neighbours a pixel, run by run; gives how many pixels that were. */
function removeDark(
  { width, data }: Displayed,
  { mask, rows }: Border,
  seeds: number[],
  dark: number,
): number {
  const isDark = (at: number): boolean => mask[at] === 1 && data[at]! < dark;
  const stack = seeds;
  let removed = 0;
  while (stack.length > 0) {
    const seed = stack.pop()!;
    if (!isDark(seed)) continue;
    const row = seed - (seed % width);
    let from = seed;
    let to = seed + 1;
    while (from > row && isDark(from - 1)) from--;
    while (to < row + width && isDark(to)) to++;
    mask.fill(0, from, to);
    rows[row / width] = 1;
    removed += to - from;
    for (const shift of [-width, width]) {
      for (let at = from + shift; at < to + shift; at++) {
        // one seed for each run
        if (isDark(at) && (at + 1 === to + shift || !isDark(at + 1))) stack.push(at);
      }
    }
  }
  return removed;
}
