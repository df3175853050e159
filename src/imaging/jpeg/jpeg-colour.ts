import type { JpegFrame } from './jpeg-frame';
import type { JpegPlanes } from './jpeg-planes';
import type { JpegApplicationData } from './jpeg-segments';
import { RowSource } from './upsample';

/** Fixed point of libjpeg's `jdcolor.c`. */
const SHIFT = 16;
const fixed = (factor: number): number => Math.floor(factor * 2 ** SHIFT + 0.5);
const HALF = 1 << (SHIFT - 1);
const { imul } = Math;
const ADOBE = Buffer.from('Adobe');
const JFIF = Buffer.from('JFIF\0');

const unit = Float32Array.from({ length: 256 }, (_, sample) => sample / 255);

/** Unit values, channels last: grey as it is, YCbCr as RGB (ITU-T T.871). */
export function toUnitValues({ frame, planes, applicationData }: JpegPlanes): Float32Array {
  const { width, height, components } = frame;
  const rows = components.map((component, i) => new RowSource(frame, component, planes[i]!));
  const data = new Float32Array(width * height * components.length);
  const write = components.length === 1 ? writeGrey : isRgb(frame, applicationData) ? writeRgb : writeYcc;
  for (let y = 0; y < height; y++) {
    write(
      data,
      y * width * components.length,
      width,
      rows.map((row) => row.at(y)),
    );
  }
  return data;
}

/** Of one row of samples of each component, `width` pixels from `start` on. */
type WriteRow = (target: Float32Array, start: number, width: number, rows: readonly Uint16Array[]) => void;

const writeGrey: WriteRow = (target, start, width, [grey]) => {
  for (let x = 0; x < width; x++) target[start + x] = unit[grey![x]!]!;
};

const writeRgb: WriteRow = (target, start, width, rows) => {
  for (const [c, row] of rows.entries()) {
    for (let x = 0, to = start + c; x < width; x++, to += 3) target[to] = unit[row[x]!]!;
  }
};

const [RED_CR, GREEN_CR, GREEN_CB, BLUE_CB] = [1.402, 0.71414, 0.34414, 1.772].map(fixed) as [
  number,
  number,
  number,
  number,
];

const writeYcc: WriteRow = (target, start, width, [luma, blue, red]) => {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const y = luma![x]! + 256;
    const cb = blue![x]! - 128;
    const cr = red![x]! - 128;
    target[to] = clipped[y + ((imul(RED_CR, cr) + HALF) >> SHIFT)]!;
    target[to + 1] = clipped[y + ((HALF - imul(GREEN_CR, cr) - imul(GREEN_CB, cb)) >> SHIFT)]!;
    target[to + 2] = clipped[y + ((imul(BLUE_CB, cb) + HALF) >> SHIFT)]!;
  }
};

/** Of samples from -256 to 511: colours that do not exist are clipped. */
const clipped = Float32Array.from({ length: 768 }, (_, i) => Math.min(Math.max(i - 256, 0), 255) / 255);

/** As libjpeg decides: by the JFIF marker, else by Adobe's, else by the components' names. */
function isRgb({ components }: JpegFrame, segments: readonly JpegApplicationData[]): boolean {
  if (segments.some(({ number, data }) => number === 0 && startsWith(data, JFIF))) return false;
  const adobe = segments.find(({ number, data }) => number === 14 && startsWith(data, ADOBE));
  if (adobe) return adobe.data[11] === 0;
  return components.map(({ id }) => id).join() === '82,71,66';
}

const startsWith = (data: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((byte, i) => data[i] === byte);
