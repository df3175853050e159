import { DomainError } from '../../errors/domain.error';
import type { RenderedImage } from '../image';
import { exifOrientation, turnUpright } from '../orientation';
import { unitValues } from '../unit-values';
import { corruptPng, PALETTE_COLOUR, type PngContainer, readPngContainer } from './png-container';
import { readPngSamples, type Samples } from './png-samples';

const OPAQUE = 255;

/** Samples of one depth, `channels` a pixel. */
interface Pixels {
  readonly data: Samples;
  readonly channels: number;
  /** The sample that stands for 1. */
  readonly max: number;
}

/**
 * Grey or colour, 1 to 16 bits, as unit values: sample / (2^depth - 1), turned upright as EXIF says. Gamma and colour
 * profile are not applied. An alpha channel is dropped when every pixel is opaque; one that is not is refused, because
 * what shows through it is a decision that the file leaves to the viewer.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS,
 * IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS; IMAGE_CHANNELS_UNSUPPORTED for a pixel that is not opaque
 */
export function decodePng(file: Uint8Array): RenderedImage {
  const container = readPngContainer(file);
  const { width, height } = container.header;
  const { data, channels, max } = opaque(container, readPngSamples(container));
  const image = { width, height, channels, data: unitValues(data, max) };
  return { ...turnUpright(image, exifOrientation(container.exif)), not_applied: container.colourSpace };
}

function opaque({ header, palette, transparency }: PngContainer, data: Samples): Pixels {
  const { channels, colourType, depth } = header;
  if (colourType === PALETTE_COLOUR) return applyPalette(data, palette, transparency);
  const pixels = { data, channels, max: 2 ** depth - 1 };
  if (channels === 2 || channels === 4) return dropAlpha(pixels);
  if (transparency) refuseColourKey(pixels, transparency);
  return pixels;
}

function applyPalette(indices: Samples, palette?: Uint8Array, alpha?: Uint8Array): Pixels {
  if (!palette || palette.length % 3 !== 0 || palette.length > 768)
    throw corruptPng('the palette is not valid');
  const data = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const entry = indices[i]!;
    if (entry * 3 >= palette.length) throw corruptPng('a colour is not in the palette');
    if (alpha && (alpha[entry] ?? OPAQUE) !== OPAQUE) throw transparent();
    data[3 * i] = palette[3 * entry]!;
    data[3 * i + 1] = palette[3 * entry + 1]!;
    data[3 * i + 2] = palette[3 * entry + 2]!;
  }
  return { data, channels: 3, max: 255 };
}

/** In place: what is kept never lies behind where it came from. */
function dropAlpha({ data, channels, max }: Pixels): Pixels {
  const colours = channels - 1;
  let to = 0;
  for (let from = 0; from < data.length; from += channels) {
    if (data[from + colours] !== max) throw transparent();
    for (let c = 0; c < colours; c++) data[to++] = data[from + c]!;
  }
  return { data: data.subarray(0, to), channels: colours, max };
}

/** PNG, 3rd edition, 11.3.1.1: one colour, two bytes a sample, is fully transparent. */
function refuseColourKey({ data, channels }: Pixels, transparency: Uint8Array): void {
  if (transparency.length !== channels * 2) throw corruptPng('tRNS is not valid');
  const key = Array.from(
    { length: channels },
    (_, c) => transparency[2 * c]! * 256 + transparency[2 * c + 1]!,
  );
  for (let i = 0; i < data.length; i += channels) {
    if (key.every((sample, c) => data[i + c] === sample)) throw transparent();
  }
}

const transparent = (): DomainError =>
  new DomainError('IMAGE_CHANNELS_UNSUPPORTED', 'Transparent pixels are not supported: send an opaque image');
