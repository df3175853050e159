import { inflateSync } from 'node:zlib';
import { corruptPng, type PngContainer, type PngHeader } from './png-container';
import { unfilter } from './png-filters';

/** PNG, 3rd edition, 8.1: first column, first row, column step, row step. */
type Pass = readonly [x: number, y: number, xStep: number, yStep: number];

const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];

export type Samples = Uint8Array | Uint16Array;

/**
 * Row-major samples as the file holds them: 16 bits as such, 8 bits and less as bytes.
 * @throws DomainError IMAGE_CORRUPT
 */
export function readPngSamples({ header, idat }: PngContainer): Samples {
  const { width, height, channels, depth, interlaced } = header;
  const passes = (interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({ pass, ...passSize(header, pass) }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const size = passes.reduce((total, { rows, rowBytes }) => total + rows * (1 + rowBytes), 0);
  const filtered = inflate(idat.length === 1 ? idat[0]! : Buffer.concat(idat), size);

  const samples = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  const pixelBytes = Math.max(1, (channels * depth) >> 3);
  let offset = 0;
  for (const { pass, columns, rows, rowBytes } of passes) {
    const bytes = filtered.subarray(offset, (offset += rows * (1 + rowBytes)));
    unfilter(bytes, rowBytes, pixelBytes);
    const [x, y, xStep, yStep] = pass;
    for (let row = 0; row < rows; row++) {
      const line = bytes.subarray(row * (1 + rowBytes) + 1, (row + 1) * (1 + rowBytes));
      const start = ((y + row * yStep) * width + x) * channels;
      unpack(line, depth, { samples, start, pixels: columns, channels, step: xStep * channels });
    }
  }
  return samples;
}

function passSize(
  { width, height, channels, depth }: PngHeader,
  [x, y, xStep, yStep]: Pass,
): { columns: number; rows: number; rowBytes: number } {
  const columns = Math.ceil((width - x) / xStep);
  return {
    columns,
    rows: Math.ceil((height - y) / yStep),
    rowBytes: Math.ceil((columns * channels * depth) / 8),
  };
}

/** To exactly `size` bytes: a stream that holds more is a bomb, one that holds less has lost pixels. */
function inflate(stream: Uint8Array, size: number): Buffer {
  let inflated: Buffer;
  try {
    inflated = inflateSync(stream, { maxOutputLength: size, chunkSize: Math.max(size, 64) });
  } catch {
    throw corruptPng('the pixel data cannot be inflated to the size in the header');
  }
  if (inflated.length !== size) throw corruptPng('pixels are missing');
  return inflated;
}

interface Target {
  readonly samples: Samples;
  readonly start: number;
  readonly pixels: number;
  readonly channels: number;
  /** From the first sample of a pixel to that of the next. */
  readonly step: number;
}

function unpack(line: Uint8Array, depth: number, { samples, start, pixels, channels, step }: Target): void {
  if (depth === 8 && step === channels) return samples.set(line, start);
  if (depth === 16) {
    for (let pixel = 0, from = 0, to = start; pixel < pixels; pixel++, to += step) {
      for (let c = 0; c < channels; c++, from += 2) samples[to + c] = (line[from]! << 8) | line[from + 1]!;
    }
  } else if (depth === 8) {
    for (let pixel = 0, from = 0, to = start; pixel < pixels; pixel++, to += step) {
      for (let c = 0; c < channels; c++) samples[to + c] = line[from++]!;
    }
  } else {
    // Less than 8 bits: one channel, the leftmost pixel in the highest bits.
    const mask = (1 << depth) - 1;
    for (let pixel = 0, to = start; pixel < pixels; pixel++, to += step) {
      const bit = pixel * depth;
      samples[to] = (line[bit >> 3]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
}
