import { DomainError } from '../../errors/domain.error';
import type { Image } from '../image';
import { corruptPng, PALETTE_COLOUR, type PngContainer, readPngContainer } from './png-container';
import { readPngSamples } from './png-samples';

const OPAQUE = 255;

/** Samples of one depth, `channels` a pixel. */
interface Samples {
  readonly data: Uint8Array | Uint16Array;
  readonly channels: number;
}

/**
 * Grey or colour, 8 or 16 bits, as unit values: sample / (2^depth - 1). Gamma and colour profile are not applied.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS,
 * IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS; IMAGE_CHANNELS_UNSUPPORTED for a pixel that is not opaque
 */
export function decodePng(file: Uint8Array): Image {
  const container = readPngContainer(file);
  const { width, height, depth } = container.header;
  const { data, channels } = opaque(container, readPngSamples(container));
  return { width, height, channels, data: toUnit(data, 2 ** depth - 1) };
}

function toUnit(samples: Uint8Array | Uint16Array, max: number): Float32Array {
  const units = Float32Array.from({ length: max + 1 }, (_, sample) => sample / max);
  const data = new Float32Array(samples.length);
  for (let i = 0; i < data.length; i++) data[i] = units[samples[i]!]!;
  return data;
}

function opaque({ header, palette, transparency }: PngContainer, data: Samples['data']): Samples {
  const { channels, colourType, depth } = header;
  if (colourType === PALETTE_COLOUR) return applyPalette(data, palette, transparency);
  if (channels === 2 || channels === 4) return dropAlpha({ data, channels }, 2 ** depth - 1);
  if (transparency) refuseColourKey({ data, channels }, transparency);
  return { data, channels };
}

function applyPalette(indices: Samples['data'], palette?: Uint8Array, alpha?: Uint8Array): Samples {
  if (!palette || palette.length % 3 !== 0 || palette.length > 768)
    throw corruptPng('the palette is not valid');
  const data = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const entry = indices[i]!;
    if (entry * 3 >= palette.length) throw corruptPng('a colour is not in the palette');
    if ((alpha?.[entry] ?? OPAQUE) !== OPAQUE) throw transparent();
    data[3 * i] = palette[3 * entry]!;
    data[3 * i + 1] = palette[3 * entry + 1]!;
    data[3 * i + 2] = palette[3 * entry + 2]!;
  }
  return { data, channels: 3 };
}

function dropAlpha({ data, channels }: Samples, opaqueSample: number): Samples {
  const colours = channels - 1;
  const kept = data.slice(0, (data.length / channels) * colours);
  for (let from = 0, to = 0; from < data.length; from += channels) {
    if (data[from + colours] !== opaqueSample) throw transparent();
    for (let c = 0; c < colours; c++) kept[to++] = data[from + c]!;
  }
  return { data: kept, channels: colours };
}

/** PNG, 3rd edition, 11.3.1.1: one colour, two bytes a sample, is fully transparent. */
function refuseColourKey({ data, channels }: Samples, transparency: Uint8Array): void {
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
