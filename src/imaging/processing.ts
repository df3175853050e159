import { createHash } from 'node:crypto';
import type { ImageSource, Processing, ReceivedImage } from './image';
import type { InputSpec } from './input-spec';

export function describeProcessing(
  source: ImageSource,
  decoded: ReceivedImage,
  input: InputSpec,
): Processing {
  const { image, dicom = null, orientation = null, not_applied = [], hash } = decoded;
  const { value_space, resize } = input;
  return {
    source: dicom ? 'dicom' : source.form === 'file' || source.form === 'base64' ? 'rendered' : 'values',
    received_sha256: source.form === 'numbers' ? sha256(source.bytes) : hash,
    dicom,
    orientation,
    not_applied,
    value_space,
    channels: {
      from: image.channels,
      to: input.channels,
      conversion: conversion(image.channels, input.channels),
    },
    resize: resize && {
      kernel: resize.kernel,
      antialias: resize.antialias,
      from: [image.width, image.height],
      to: [resize.width, resize.height],
    },
  };
}

/** What `matchChannels` does where it does not refuse. */
function conversion(from: number, to: number): Processing['channels']['conversion'] {
  if (from === to) return 'none';
  return from < to ? 'grey_replicated' : 'equal_channels_merged';
}

export const sha256 = (bytes: Uint8Array | Float32Array): string =>
  createHash('sha256').update(bytes).digest('hex');
