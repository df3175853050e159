import { DomainError } from '../errors/domain.error';

/** Pixels. */
const MIN_SIDE = 64;
const MAX_SIDE = 2048;
const MIN_ASPECT = 0.5;
const MAX_ASPECT = 2;
const MAX_CHANNELS = 4;

/** The most values an image may hold; nothing larger is ever allocated. */
export const MAX_VALUES = MAX_SIDE * MAX_SIDE * MAX_CHANNELS;

/** @throws DomainError IMAGE_DIMENSIONS_OUT_OF_BOUNDS, IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS */
export function assertSize(width: number, height: number): void {
  assertSide('width', width);
  assertSide('height', height);
  const aspect = width / height;
  if (aspect < MIN_ASPECT || aspect > MAX_ASPECT) throw new DomainError('IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS');
}

/** @throws DomainError IMAGE_DIMENSIONS_OUT_OF_BOUNDS */
export function assertSide(field: 'width' | 'height', side: number): void {
  if (Number.isInteger(side) && side >= MIN_SIDE && side <= MAX_SIDE) return;
  throw new DomainError('IMAGE_DIMENSIONS_OUT_OF_BOUNDS', undefined, {
    errors: [{ field, message: `expected ${MIN_SIDE} to ${MAX_SIDE} pixels` }],
  });
}

/** @throws DomainError IMAGE_CHANNELS_UNSUPPORTED */
export function assertChannels(channels: number): void {
  if (Number.isInteger(channels) && channels >= 1 && channels <= MAX_CHANNELS) return;
  throw new DomainError('IMAGE_CHANNELS_UNSUPPORTED', undefined, {
    errors: [{ field: 'channels', message: `expected 1 to ${MAX_CHANNELS}` }],
  });
}
