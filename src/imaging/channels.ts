import { DomainError } from '../errors/domain.error';
import type { Image } from './image';

/**
 * Gives an image the number of channels a model asks for, where that needs no decision: grey is replicated into
 * three, and a colour image whose pixels are all grey (R = G = B) becomes one.
 * @throws DomainError IMAGE_CHANNELS_UNSUPPORTED
 */
export function matchChannels(image: Image, wanted: number): Image {
  if (image.channels === wanted) return image;
  if (image.channels === 1 && wanted === 3) return { ...image, channels: 3, data: replicate(image.data) };
  const grey = image.channels === 3 && wanted === 1 ? greyOf(image.data) : undefined;
  if (grey === undefined) throw new DomainError('IMAGE_CHANNELS_UNSUPPORTED');
  return { ...image, channels: 1, data: grey };
}

function replicate(grey: Float32Array): Float32Array {
  const data = new Float32Array(grey.length * 3);
  for (let i = 0, to = 0; i < grey.length; i++, to += 3) {
    data[to] = data[to + 1] = data[to + 2] = grey[i]!;
  }
  return data;
}

/** undefined when any pixel is coloured. */
function greyOf(rgb: Float32Array): Float32Array | undefined {
  const data = new Float32Array(rgb.length / 3);
  for (let i = 0; i < data.length; i++) {
    const red = rgb[3 * i]!;
    if (rgb[3 * i + 1] !== red || rgb[3 * i + 2] !== red) return undefined;
    data[i] = red;
  }
  return data;
}

/** One displayed value a pixel, 0..1: ITU-R BT.601 luma of three channels, else the mean of all. */
export function displayedValues({ data, channels }: Image): Float32Array {
  if (channels === 1) return data;
  const values = new Float32Array(data.length / channels);
  if (channels === 3) {
    for (let i = 0, from = 0; i < values.length; i++, from += 3) {
      values[i] = 0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!;
    }
    return values;
  }
  for (let i = 0, from = 0; i < values.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[from++]!;
    values[i] = sum / channels;
  }
  return values;
}
