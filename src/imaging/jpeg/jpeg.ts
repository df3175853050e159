import { DomainError } from '../../errors/domain.error';
import { assertSize } from '../bounds';
import type { RenderedImage } from '../image';
import { exifOrientation, turnUpright } from '../orientation';
import { toUnitValues } from './jpeg-colour';
import { unsupportedJpeg } from './jpeg-errors';
import type { JpegFrame } from './jpeg-frame';
import { decodeJpegPlanes } from './jpeg-planes';

const EXIF = Buffer.from('Exif\0\0');
const ICC_PROFILE = Buffer.from('ICC_PROFILE\0');

/**
 * Grey or colour, 8 bits, as unit values, turned upright as EXIF says. A colour profile is not applied.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_FORMAT_UNSUPPORTED, IMAGE_DIMENSIONS_OUT_OF_BOUNDS,
 * IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS, IMAGE_CHANNELS_UNSUPPORTED
 */
export function decodeJpeg(file: Uint8Array): RenderedImage {
  const decoded = decodeJpegPlanes(file, assertReadable);
  const { width, height, components } = decoded.frame;
  const image = { width, height, channels: components.length, data: toUnitValues(decoded) };
  const segment = (number: number, prefix: Uint8Array): Uint8Array | undefined =>
    decoded.applicationData
      .find((found) => found.number === number && prefix.every((byte, i) => found.data[i] === byte))
      ?.data.subarray(prefix.length);
  const profile = segment(2, ICC_PROFILE) ? ['ICC_PROFILE'] : [];
  return { ...turnUpright(image, exifOrientation(segment(1, EXIF))), not_applied: profile };
}

function assertReadable({ process, precision, width, height, components }: JpegFrame): void {
  if (process === 'extended' && precision === 12) throw unsupportedJpeg('JPEG with 12 bits a sample');
  if (components.length === 4) throw unsupportedJpeg('CMYK JPEG');
  if (components.length === 2) throw new DomainError('IMAGE_CHANNELS_UNSUPPORTED');
  assertSize(width, height);
}
