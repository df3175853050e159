import type { Image, RenderedImage } from './image';

/** TIFF 6.0 section 2; EXIF 2.3 tag 0x0112, a SHORT. */
const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;
const LITTLE_ENDIAN = 0x4949;
const BIG_ENDIAN = 0x4d4d;

/** 1 to 8, or undefined where the EXIF data names none or cannot be read. */
export function exifOrientation(exif: Uint8Array | undefined): number | undefined {
  if (exif === undefined || exif.length < 8) return undefined;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = view.getUint16(0);
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) return undefined;
  const little = order === LITTLE_ENDIAN;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return undefined;
  const entries = view.getUint16(directory, little);
  for (
    let i = 0, at = directory + 2;
    i < entries && at + ENTRY_BYTES <= exif.length;
    i++, at += ENTRY_BYTES
  ) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG || view.getUint16(at + 2, little) !== SHORT) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** Mirrors and turns the image as every viewer shows it, which is how it was looked at and how models were trained. */
export function turnUpright(image: Image, exif: number | undefined): RenderedImage {
  if (exif === undefined) return { image };
  return { image: exif === 1 ? image : turned(image, exif), orientation: { exif, applied: exif !== 1 } };
}

/**
 * Where the stored first row and first column belong: 1 top left, 2 top right, 3 bottom right, 4 bottom left,
 * 5 left top, 6 right top, 7 right bottom, 8 left bottom.
 */
function turned({ width, height, channels, data }: Image, exif: number): Image {
  const swapped = exif >= 5;
  const size = swapped ? { width: height, height: width } : { width, height };
  const mirrored = exif === 2 || exif === 3 || exif === 6 || exif === 7;
  const flipped = exif === 3 || exif === 4 || exif === 7 || exif === 8;
  const target = new Float32Array(data.length);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const across = mirrored ? size.width - 1 - x : x;
      const down = flipped ? size.height - 1 - y : y;
      const from = (swapped ? across * width + down : down * width + across) * channels;
      for (let c = 0; c < channels; c++) target[to++] = data[from + c]!;
    }
  }
  return { ...size, channels, data: target };
}
