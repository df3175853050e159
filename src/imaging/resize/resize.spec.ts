import type { Image } from '../image';
import type { ResizeKernel } from '../input-spec';
import { resize, resizeByArea } from './resize';

const grey = (width: number, height: number, data: number[]): Image => ({
  width,
  height,
  channels: 1,
  data: Float32Array.from(data),
});
const to = (width: number, height: number, kernel: ResizeKernel, antialias = false) => ({
  width,
  height,
  kernel,
  antialias,
});
const rounded = ({ data }: Image): number[] => Array.from(data, (value) => Number(value.toFixed(5)));

describe('resize by hand', () => {
  it('nearest takes the pixel under the centre of the new pixel', () => {
    expect(rounded(resize(grey(4, 1, [0, 0.1, 0.2, 0.3]), to(2, 1, 'nearest')))).toEqual([0.1, 0.3]);
    expect(rounded(resize(grey(2, 1, [0, 1]), to(4, 1, 'nearest')))).toEqual([0, 0, 1, 1]);
  });

  it('bilinear puts pixel centres at halves and repeats the edge', () => {
    // New centres lie at -0.25, 0.25, 0.75 and 1.25 of the old pixels.
    expect(rounded(resize(grey(2, 1, [0, 1]), to(4, 1, 'bilinear')))).toEqual([0, 0.25, 0.75, 1]);
  });

  it('bilinear without antialias sees two pixels only, with antialias the whole area', () => {
    const line = grey(8, 1, [0, 0, 0, 1, 1, 0, 0, 0]);
    expect(rounded(resize(line, to(1, 1, 'bilinear')))).toEqual([1]);
    // Triangle of half-width 8: weights 1 - d/8 at d = 0.5, 1.5, 2.5, 3.5 either side, 12 in all; the ones weigh 2 * 15/16.
    expect(rounded(resize(line, to(1, 1, 'bilinear', true)))).toEqual([0.3125]);
  });

  it('area is the mean of what a pixel covers, fractions included', () => {
    expect(rounded(resizeByArea(grey(4, 2, [0, 0.2, 0.4, 0.6, 0.2, 0.4, 0.6, 0.8]), 2, 1))).toEqual([
      0.2, 0.6,
    ]);
  });

  it('keeps channels apart', () => {
    const image = { width: 2, height: 1, channels: 3, data: Float32Array.from([0, 0.2, 0.4, 1, 0.6, 0.4]) };
    expect(rounded(resize(image, to(1, 1, 'bilinear', true)))).toEqual([0.5, 0.4, 0.4]);
  });

  it.each(['nearest', 'bilinear', 'bicubic'] as const)('%s keeps a constant image constant', (kernel) => {
    const flat = grey(9, 7, Array<number>(63).fill(0.3));
    for (const antialias of [false, true]) {
      expect(new Set(rounded(resize(flat, to(5, 11, kernel, antialias))))).toEqual(new Set([0.3]));
    }
  });
});

/** Float images (Pillow mode F): Pillow 13.0.0 always antialiases, OpenCV 5.0.0 never does. */
const SOURCE = grey(
  7,
  5,
  // prettier-ignore
  [
    0.592, 0.358, 0.484, 0.987, 0.136, 0.001, 0.518,
    0.266, 0.433, 0.474, 0.25, 0.301, 0.316, 0.631,
    0.898, 0.607, 0.81, 0.11, 0.666, 0.796, 0.615,
    0.72, 0.506, 0.185, 0.732, 0.458, 0.826, 0.387,
    0.855, 0.309, 0.55, 0.414, 0.077, 0.557, 0.052,
  ],
);
const REFERENCES = [
  // prettier-ignore
  { by: 'pillow', kernel: 'nearest', width: 4, height: 3, data: [
    0.592, 0.484, 0.136, 0.518,
    0.898, 0.81, 0.666, 0.615,
    0.855, 0.55, 0.077, 0.052,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'bilinear', width: 4, height: 3, data: [
    0.426959, 0.5154, 0.322611, 0.36483,
    0.63845, 0.497542, 0.49752, 0.621402,
    0.604905, 0.437423, 0.413486, 0.402007,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'bicubic', width: 4, height: 3, data: [
    0.409765, 0.539225, 0.306897, 0.348999,
    0.655916, 0.472937, 0.498692, 0.662039,
    0.618016, 0.424505, 0.428912, 0.400701,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'box', width: 4, height: 3, data: [
    0.41225, 0.54875, 0.2185, 0.3665,
    0.7525, 0.46, 0.666, 0.7055,
    0.5975, 0.47025, 0.2675, 0.4555,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bilinear', width: 4, height: 3, data: [
    0.445708, 0.51325, 0.259792, 0.387042,
    0.788875, 0.7225, 0.5965, 0.682875,
    0.64675, 0.439792, 0.2435, 0.344792,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bicubic', width: 4, height: 3, data: [
    0.418649, 0.506172, 0.23969, 0.37494,
    0.779756, 0.745725, 0.591394, 0.688793,
    0.642759, 0.422101, 0.191998, 0.35464,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'bicubic', width: 9, height: 8, data: [
    0.6279, 0.427655, 0.361011, 0.607931, 1.040031, 0.304152, -0.045581, 0.138771, 0.53503,
    0.433968, 0.389745, 0.398378, 0.520595, 0.703086, 0.283501, 0.076075, 0.243939, 0.585298,
    0.27305, 0.386656, 0.486816, 0.442523, 0.223458, 0.296053, 0.317678, 0.437671, 0.647737,
    0.735666, 0.606663, 0.68031, 0.647981, 0.077433, 0.479692, 0.666887, 0.669014, 0.638392,
    0.905545, 0.689239, 0.622372, 0.583983, 0.279655, 0.564189, 0.802571, 0.771082, 0.549477,
    0.733884, 0.60512, 0.336212, 0.27236, 0.717548, 0.504754, 0.695853, 0.720856, 0.384289,
    0.812199, 0.514331, 0.339593, 0.414962, 0.570861, 0.252276, 0.486166, 0.538572, 0.14949,
    0.891691, 0.457901, 0.38712, 0.569485, 0.391118, 0.072723, 0.343646, 0.408657, 0.003765,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bicubic', width: 9, height: 8, data: [
    0.640123, 0.421547, 0.334768, 0.638435, 1.055419, 0.337412, -0.095127, 0.123873, 0.542786,
    0.402472, 0.375462, 0.388228, 0.520177, 0.681535, 0.292007, 0.04269, 0.236797, 0.598822,
    0.273886, 0.389246, 0.50522, 0.437703, 0.210973, 0.292862, 0.321681, 0.44467, 0.654104,
    0.726109, 0.593614, 0.708307, 0.640088, 0.044915, 0.453458, 0.680988, 0.67129, 0.649468,
    0.929093, 0.697517, 0.621925, 0.569244, 0.29235, 0.559952, 0.843397, 0.797475, 0.543155,
    0.738542, 0.619574, 0.31734, 0.277961, 0.713814, 0.50965, 0.707811, 0.742267, 0.384113,
    0.808748, 0.515288, 0.304651, 0.400378, 0.600906, 0.260638, 0.497811, 0.568552, 0.14482,
    0.905513, 0.439729, 0.376068, 0.583794, 0.384479, 0.054401, 0.341804, 0.425606, -0.012754,
  ] },
] as const;

describe('resize against other libraries', () => {
  it.each(REFERENCES)('$by $kernel $width x $height', ({ by, kernel, width, height, data }) => {
    const result =
      kernel === 'box'
        ? resizeByArea(SOURCE, width, height)
        : resize(SOURCE, to(width, height, kernel, by === 'pillow'));
    const worst = data.reduce(
      (most: number, value, i) => Math.max(most, Math.abs(value - result.data[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
  });
});
