export type Kernel = 'box' | 'bilinear' | 'bicubic';

/** Output position i is the sum of `weights[i * size + t] * source[starts[i] + t]`, t < `size`; the weights sum to 1. */
export interface Taps {
  readonly size: number;
  readonly starts: Int32Array;
  readonly weights: Float64Array;
}

/** Half of the width of a kernel, in source pixels where nothing is reduced. */
const SUPPORT: Readonly<Record<Kernel, number>> = { box: 0.5, bilinear: 1, bicubic: 2 };

/**
 * One axis of a resize. Pixel centres lie at halves (Pillow, PyTorch align_corners=False). With antialias the kernel is
 * widened by the reduction factor and taps outside the image are dropped (Pillow); without, the edge pixel repeats.
 */
export function resizeTaps(from: number, to: number, kernel: Kernel, antialias: boolean): Taps {
  const scale = from / to;
  const stretch = antialias ? Math.max(scale, 1) : 1;
  const reach = SUPPORT[kernel] * stretch;
  const weigh = weightFunction(kernel, antialias);
  const size = Math.min(Math.ceil(2 * reach) + 1, from);
  const starts = new Int32Array(to);
  const weights = new Float64Array(to * size);
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale;
    const first = Math.floor(centre - reach + 0.5);
    const start = clamp(first, 0, from - size);
    const row = target * size;
    let sum = 0;
    for (let position = first; position < centre + reach; position++) {
      const inside = clamp(position, 0, from - 1);
      if (antialias && inside !== position) continue;
      const weight = weigh((position + 0.5 - centre) / stretch);
      weights[row + inside - start]! += weight;
      sum += weight;
    }
    for (let t = row; t < row + size; t++) weights[t]! /= sum;
    starts[target] = start;
  }
  return { size, starts, weights };
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function weightFunction(kernel: Kernel, antialias: boolean): (x: number) => number {
  if (kernel === 'box') return (x) => (x > -0.5 && x <= 0.5 ? 1 : 0);
  if (kernel === 'bilinear') return (x) => Math.max(0, 1 - Math.abs(x));
  return cubic(antialias ? -0.5 : -0.75);
}

/** Keys, IEEE Trans. ASSP 29(6):1153-1160, 1981. */
function cubic(a: number): (x: number) => number {
  return (x) => {
    const d = Math.abs(x);
    if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
  };
}
