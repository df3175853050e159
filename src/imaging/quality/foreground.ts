/** Displayed values of one channel, 0..255, row-major. */
export interface Displayed {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** What of an image is looked at; `undefined` masks mean all of it. */
export interface Foreground {
  /** 1 where the image is, 0 where its border is. */
  readonly mask: Uint8Array | undefined;
  /** 1 where a pixel and its eight neighbours are foreground; the outermost pixels, which lack some, are not looked at. */
  readonly inner: Uint8Array | undefined;
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
  if (inFrame === width * height && seeds.length === 0) {
    return { mask: undefined, inner: undefined, pixels: inFrame };
  }
  const mask = new Uint8Array(width * height);
  for (let y = frame.top; y < frame.bottom; y++) {
    mask.fill(1, y * width + frame.left, y * width + frame.right);
  }
  const removed = removeDark(displayed, mask, seeds, dark);
  return { mask, inner: eroded(mask, width), pixels: inFrame - removed };
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

/** Clears the dark areas around the seeds, four neighbours a pixel; gives how many pixels that were. */
function removeDark({ width, data }: Displayed, mask: Uint8Array, seeds: number[], dark: number): number {
  const stack = seeds;
  let removed = 0;
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (mask[at] !== 1 || data[at]! >= dark) continue;
    mask[at] = 0;
    removed++;
    const x = at % width;
    if (x > 0) stack.push(at - 1);
    if (x < width - 1) stack.push(at + 1);
    if (at >= width) stack.push(at - width);
    if (at + width < mask.length) stack.push(at + width);
  }
  return removed;
}

/** Only the surroundings of zeros are touched: most images have few of them. */
function eroded(mask: Uint8Array, width: number): Uint8Array {
  const inner = mask.slice();
  for (let zero = mask.indexOf(0); zero >= 0; zero = mask.indexOf(0, zero + 1)) {
    for (let row = zero - width; row <= zero + width; row += width)
      inner.fill(0, Math.max(0, row - 1), Math.max(0, row + 2));
  }
  return inner;
}
