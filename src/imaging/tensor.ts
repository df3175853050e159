import type { Image } from './image';
import type { InputSpec } from './input-spec';

/** The values of an image as a model wants them, in its layout; the formula stands at `InputSpec`. */
export function toTensor(
  image: Image,
  { layout, value_space, range: [lo, hi], mean, std }: InputSpec,
): { tensor: Float32Array; dims: number[] } {
  const { width, height, channels, data } = image;
  const planar = layout === 'NCHW';
  const stretched = value_space === 'unit' || value_space === 'voi';
  const pixels = width * height;
  const tensor = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const divisor = channelValue(std, c, 1);
    const scale = (stretched ? hi - lo : 1) / divisor;
    const offset = ((stretched ? lo : 0) - channelValue(mean, c, 0)) / divisor;
    let to = planar ? c * pixels : c;
    const step = planar ? 1 : channels;
    for (let from = c; from < data.length; from += channels, to += step)
      tensor[to] = (stretched ? data[from]! : clamp(data[from]!, lo, hi)) * scale + offset;
  }
  return { tensor, dims: planar ? [1, channels, height, width] : [1, height, width, channels] };
}

const clamp = (value: number, lo: number, hi: number): number => Math.min(Math.max(value, lo), hi);

const channelValue = (list: readonly number[], channel: number, fallback: number): number =>
  (list.length === 1 ? list[0] : list[channel]) ?? fallback;
