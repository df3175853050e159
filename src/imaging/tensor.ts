import type { Image } from './image';
import type { InputSpec } from './input-spec';

/** The values of an image as a model wants them: `(lo + unit * (hi - lo) - mean[c]) / std[c]`, in its layout. */
export function toTensor(
  image: Image,
  { layout, range: [lo, hi], mean, std }: InputSpec,
): { tensor: Float32Array; dims: number[] } {
  const { width, height, channels, data } = image;
  const planar = layout === 'NCHW';
  const pixels = width * height;
  const tensor = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    const divisor = channelValue(std, c, 1);
    const scale = (hi - lo) / divisor;
    const offset = (lo - channelValue(mean, c, 0)) / divisor;
    let to = planar ? c * pixels : c;
    const step = planar ? 1 : channels;
    for (let from = c; from < data.length; from += channels, to += step)
      tensor[to] = data[from]! * scale + offset;
  }
  return { tensor, dims: planar ? [1, channels, height, width] : [1, height, width, channels] };
}

const channelValue = (list: readonly number[], channel: number, fallback: number): number =>
  (list.length === 1 ? list[0] : list[channel]) ?? fallback;
