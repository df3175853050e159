import { createHash } from 'node:crypto';
import { encapsulated } from '../../../test/fixtures/dicom/dicom-builder';
import { DICOM_FIXTURES, dicomFile } from '../../../test/fixtures/dicom/fixtures';
import { DomainError } from '../../errors/domain.error';
import { decodeDicom } from './dicom';
import { readPart10 } from './file/part10';

/** The first byte of the compressed or plain pixels of a single frame, and how many there are. */
interface Span {
  readonly start: number;
  readonly length: number;
  readonly encapsulated: boolean;
}

const ELEMENT_HEADER_BYTES = 12;
const ITEM_HEADER_BYTES = 8;

/**
 * One file a transfer syntax, and how many of 20 mutants with five flipped bits give other pixels and no error. These
 * formats have no checksum: what still is a valid stream says other pixels. A `Content-Digest` of the sender finds it.
 */
const FLIPS_UNDETECTED = {
  'implicit-u12': 20,
  'explicit-u12': 20,
  'deflated-s16': 14,
  'big-u12': 20,
  'rle-u12': 13,
  'jpeg-baseline-u8': 4,
  'jpeg-extended-u12': 3,
  'jpeg-lossless-p6-u12': 11,
  'jpeg-lossless-sv1-u12': 5,
  'jpeg-ls-u12': 0,
  'jpeg-ls-near-u12': 0,
  'j2k-u12': 18,
  'j2k-lossy-u12': 17,
  'htj2k-u12': 18,
  'htj2k-rpcl-u12': 18,
  'htj2k-lossy-u12': 19,
} as const;

const NAMES = Object.keys(FLIPS_UNDETECTED) as (keyof typeof FLIPS_UNDETECTED)[];

/** mulberry32 */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function pixelSpan(file: Buffer): Span {
  const value = readPart10(file).dataSet.value('PixelData')!;
  const bytes = 'fragments' in value ? value.fragments[1]!.bytes : (value as { bytes: Uint8Array }).bytes;
  // what was inflated has a buffer of its own: there the whole rest of the file is pixels
  const inFile = bytes.buffer === file.buffer;
  const start = inFile ? bytes.byteOffset - file.byteOffset : 400;
  return { start, length: inFile ? bytes.length : file.length - 400, encapsulated: 'fragments' in value };
}

/** `refused`, `same` or `other`: what became of the pixels. Anything but a typed refusal fails the test. */
async function outcome(file: Buffer, sha256: string): Promise<'refused' | 'same' | 'other'> {
  try {
    const { image } = await decodeDicom(file, { value_space: 'stored' });
    return createHash('sha256').update(image.data).digest('hex') === sha256 ? 'same' : 'other';
  } catch (error) {
    if (error instanceof DomainError && error.code.startsWith('IMAGE_')) return 'refused';
    throw error;
  }
}

async function outcomes(mutants: readonly Buffer[], sha256: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = { refused: 0, same: 0, other: 0 };
  for (const mutant of mutants) counts[await outcome(mutant, sha256)]! += 1;
  return counts;
}

const twenty = (mutant: () => Buffer): Buffer[] => Array.from({ length: 20 }, mutant);

describe('60 damaged files of each transfer syntax', () => {
  it('are of every syntax', () => {
    const syntaxes = new Set(DICOM_FIXTURES.map(({ syntax }) => syntax));
    for (const name of NAMES)
      syntaxes.delete(DICOM_FIXTURES.find((fixture) => fixture.name === name)!.syntax);
    expect([...syntaxes]).toEqual([]);
  });

  it.each(NAMES)('%s', async (name) => {
    const file = dicomFile(name);
    const { image } = await decodeDicom(file, { value_space: 'stored' });
    const sha256 = createHash('sha256').update(image.data).digest('hex');
    const span = pixelSpan(file);
    const random = randomOf(NAMES.indexOf(name) + 1);

    const cut = twenty(() => file.subarray(0, random(file.length)));
    expect(await outcomes(cut, sha256)).toEqual({ refused: 20, same: 0, other: 0 });

    const holes = twenty(() => withHole(file, span, random));
    expect(await outcomes(holes, sha256)).toEqual({ refused: 20, same: 0, other: 0 });

    const flipped = twenty(() => {
      const bytes = Buffer.from(file);
      for (let i = 0; i < 5; i++) bytes[span.start + random(span.length)]! ^= 1 << random(8);
      return bytes;
    });
    const { other } = await outcomes(flipped, sha256);
    expect(other).toBe(FLIPS_UNDETECTED[name]);
  });
});

/** Some of the pixels' bytes are missing in the middle; what is around them is whole and consistent. */
function withHole(
  file: Buffer,
  { start, length, encapsulated: inFragment }: Span,
  random: (n: number) => number,
): Buffer {
  const from = start + random(length - 100);
  const bytes = 2 * (1 + random(40));
  if (!inFragment) return Buffer.concat([file.subarray(0, from), file.subarray(from + bytes)]);
  const kept = Buffer.concat([file.subarray(start, from), file.subarray(from + bytes, start + length)]);
  const element = start - 2 * ITEM_HEADER_BYTES - ELEMENT_HEADER_BYTES;
  const table = file.readUInt32LE(element + ELEMENT_HEADER_BYTES + 4);
  return Buffer.concat([file.subarray(0, element - table), encapsulated(Buffer.alloc(0), kept)]);
}
