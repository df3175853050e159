import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../../src/imaging/image';

/** Made by tools/imaging-fixtures. */
const FOLDER = join(__dirname, '../fixtures/imaging');

export const fixture = (name: string): Buffer => readFileSync(join(FOLDER, name));
export const references = (name: string): unknown => JSON.parse(fixture(name).toString());

export interface DecodedReference {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
  /** Of the samples as 16 bits, little-endian. */
  readonly sha256: string;
}

/** The samples that an image was decoded from, as an encoder of another make decoded them. */
export function samplesOf({ data }: Image, depth: number): string {
  const samples = Uint16Array.from(data, (value) => Math.round(value * (2 ** depth - 1)));
  return createHash('sha256').update(samples).digest('hex');
}

/** Numbers from 0 to 1, the same ones in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
