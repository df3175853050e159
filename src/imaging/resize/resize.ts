import type { Image } from '../image';
import type { ResizeSpec } from '../input-spec';
import { type Kernel, resizeTaps, type Taps } from './resize-taps';

/** Along columns first, then along rows; sums in double precision, rounded to float32 after each. */
export function resize(image: Image, spec: ResizeSpec): Image {
  if (spec.kernel === 'nearest') return nearest(image, spec.width, spec.height);
  return separable(image, spec.width, spec.height, spec.kernel, spec.antialias);
}

/** Every output pixel is the mean of the area it covers. */
export function resizeByArea(image: Image, width: number, height: number): Image {
  return separable(image, width, height, 'box', true);
}

function separable(image: Image, width: number, height: number, kernel: Kernel, antialias: boolean): Image {
  const { channels } = image;
  let { data } = image;
  if (height !== image.height) {
    data = resizeColumns(
      data,
      image.width * channels,
      height,
      resizeTaps(image.height, height, kernel, antialias),
    );
  }
  if (width !== image.width) {
    const taps = resizeTaps(image.width, width, kernel, antialias);
    data = resizeRows(data, { width: image.width, height, channels }, width, taps);
  }
  return { width, height, channels, data };
}

function resizeRows(
  source: Float32Array,
  from: Omit<Image, 'data'>,
  width: number,
  taps: Taps,
): Float32Array {
  const { channels } = from;
  const { size, starts, weights } = taps;
  const target = new Float32Array(width * from.height * channels);
  let out = 0;
  for (let y = 0; y < from.height; y++) {
    const row = y * from.width;
    for (let x = 0; x < width; x++) {
      const first = x * size;
      const last = first + size;
      const pixel = (row + starts[x]!) * channels;
      if (channels === 3) {
        // together: the weights are read once
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let t = first, at = pixel; t < last; t++, at += 3) {
          const weight = weights[t]!;
          red += weight * source[at]!;
          green += weight * source[at + 1]!;
          blue += weight * source[at + 2]!;
        }
        target[out++] = red;
        target[out++] = green;
        target[out++] = blue;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = first, at = pixel + c; t < last; t++, at += channels) sum += weights[t]! * source[at]!;
        target[out++] = sum;
      }
    }
  }
  return target;
}

/** Whole rows are added up, four at a time, so that memory is read in order and the sums are seldom touched. */
function resizeColumns(source: Float32Array, rowLength: number, height: number, taps: Taps): Float32Array {
  const { size, starts, weights } = taps;
  const target = new Float32Array(rowLength * height);
  const sums = new Float64Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const first = y * size;
    let row = starts[y]! * rowLength;
    let t = 0;
    for (; t + 4 <= size; t += 4, row += 4 * rowLength) {
      const a = weights[first + t]!;
      const b = weights[first + t + 1]!;
      const c = weights[first + t + 2]!;
      const d = weights[first + t + 3]!;
      for (let i = 0, at = row; i < rowLength; i++, at++) {
        const lower = a * source[at]! + b * source[at + rowLength]!;
        sums[i] = sums[i]! + lower + c * source[at + 2 * rowLength]! + d * source[at + 3 * rowLength]!;
      }
    }
    for (; t < size; t++, row += rowLength) {
      const weight = weights[first + t]!;
      if (weight === 0) continue;
      for (let i = 0; i < rowLength; i++) sums[i] = sums[i]! + weight * source[row + i]!;
    }
    target.set(sums, y * rowLength);
  }
  return target;
}

/** The source pixel under the centre of each output pixel. */
function nearest({ data, channels, ...from }: Image, width: number, height: number): Image {
  const target = new Float32Array(width * height * channels);
  let out = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * from.height) / height) * from.width;
    for (let x = 0; x < width; x++) {
      const pixel = row + Math.floor(((x + 0.5) * from.width) / width);
      for (let c = 0; c < channels; c++) target[out++] = data[pixel * channels + c]!;
    }
  }
  return { width, height, channels, data: target };
}
