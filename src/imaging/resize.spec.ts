import type { Image } from './image';
import type { ResizeKernel } from './input-spec';
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
    0.266, 0.433, 0.4340, 0.25, 0.301, 0.316, 0.631,
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
    0.426143, 0.506486, 0.322611, 0.36483,
    0.638026, 0.49292, 0.49752, 0.621402,
    0.604905, 0.437423, 0.413486, 0.402007,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'bicubic', width: 4, height: 3, data: [
    0.409269, 0.529309, 0.307207, 0.348999,
    0.655642, 0.467458, 0.498863, 0.662039,
    0.61805, 0.425189, 0.42889, 0.400701,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'box', width: 4, height: 3, data: [
    0.41225, 0.53875, 0.2185, 0.3665,
    0.7525, 0.46, 0.666, 0.7055,
    0.5975, 0.47025, 0.2675, 0.4555,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bilinear', width: 4, height: 3, data: [
    0.445708, 0.501583, 0.259792, 0.387042,
    0.788875, 0.7225, 0.5965, 0.682875,
    0.64675, 0.439792, 0.2435, 0.344792,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bicubic', width: 4, height: 3, data: [
    0.419625, 0.491842, 0.239842, 0.37494,
    0.779756, 0.745725, 0.591394, 0.688793,
    0.642759, 0.422101, 0.191998, 0.35464,
  ] },
  // prettier-ignore
  { by: 'pillow', kernel: 'bicubic', width: 9, height: 8, data: [
    0.6279, 0.42745, 0.362409, 0.610501, 1.040031, 0.304097, -0.045581, 0.138771, 0.53503,
    0.433968, 0.391017, 0.389731, 0.504694, 0.703086, 0.283843, 0.076075, 0.243939, 0.585298,
    0.27305, 0.389486, 0.467574, 0.407138, 0.223458, 0.296814, 0.317678, 0.437671, 0.647737,
    0.735666, 0.607537, 0.674371, 0.637058, 0.077433, 0.479927, 0.666887, 0.669014, 0.638392,
    0.905545, 0.689028, 0.623806, 0.586621, 0.279655, 0.564133, 0.802571, 0.771082, 0.549477,
    0.733884, 0.605114, 0.336247, 0.272426, 0.717548, 0.504753, 0.695853, 0.720856, 0.384289,
    0.812199, 0.514331, 0.339593, 0.414962, 0.570861, 0.252276, 0.486166, 0.538572, 0.14949,
    0.891691, 0.457901, 0.38712, 0.569485, 0.391118, 0.072723, 0.343646, 0.408657, 0.003765,
  ] },
  // prettier-ignore
  { by: 'opencv', kernel: 'bicubic', width: 9, height: 8, data: [
    0.640123, 0.421134, 0.336699, 0.641787, 1.055419, 0.337305, -0.095127, 0.123873, 0.542786,
    0.402472, 0.377732, 0.377611, 0.501744, 0.681535, 0.292595, 0.04269, 0.236797, 0.598822,
    0.273886, 0.393653, 0.484601, 0.401905, 0.210973, 0.294005, 0.321681, 0.44467, 0.654104,
    0.726109, 0.595137, 0.70118, 0.627714, 0.044915, 0.453852, 0.680988, 0.67129, 0.649468,
    0.929093, 0.697025, 0.624229, 0.573244, 0.29235, 0.559824, 0.843397, 0.797475, 0.543155,
    0.738542, 0.619562, 0.317397, 0.27806, 0.713814, 0.509646, 0.707811, 0.742267, 0.384113,
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
