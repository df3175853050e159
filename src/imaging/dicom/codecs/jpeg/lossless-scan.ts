import { BitReader } from '../../../jpeg/bit-reader';
import type { HuffmanTable } from '../../../jpeg/huffman-table';
import type { JpegFrame } from '../../../jpeg/jpeg-frame';
import type { JpegScan } from '../../../jpeg/jpeg-segments';
import { corruptDicom } from '../../dicom-errors';

/** Samples of all components, interleaved: those of the components of a scan are filled in by it. */
export type LosslessSamples = Uint16Array;

/**
 * Lossless process with Huffman coding (T.81 annex H), any of the seven predictors.
 * @throws DomainError IMAGE_CORRUPT, also when a sample does not fit the precision
 */
export function decodeLosslessScan(frame: JpegFrame, scan: JpegScan, samples: LosslessSamples): void {
  const { width, height } = frame;
  const { ss: predictor, al: pointTransform } = scan;
  if (predictor < 1 || predictor > 7 || pointTransform >= frame.precision)
    throw corruptDicom('a wrong JPEG scan header');
  const rowsAnInterval = scan.restartInterval === 0 ? height : scan.restartInterval / width;
  if (!Number.isInteger(rowsAnInterval)) throw corruptDicom('a JPEG restart interval that is not whole rows');
  if (scan.intervals.length !== Math.ceil(height / rowsAnInterval))
    throw corruptDicom('a JPEG restart marker is missing');

  const tables = scan.components.map(({ dc }) => {
    if (dc === undefined) throw corruptDicom('a Huffman table is missing');
    return dc;
  });
  const indices = scan.components.map(({ index }) => index);
  const first = 1 << (frame.precision - pointTransform - 1);
  const limit = 1 << (frame.precision - pointTransform);
  for (const [i, interval] of scan.intervals.entries()) {
    const rows = { from: i * rowsAnInterval, to: Math.min((i + 1) * rowsAnInterval, height) };
    decodeRows(new BitReader(interval), rows, {
      width,
      step: frame.components.length,
      indices,
      tables,
      predictor,
      first,
      limit,
      samples,
    });
  }
  if (pointTransform > 0) shift(samples, frame.components.length, indices, pointTransform);
}

interface Rows {
  readonly width: number;
  /** Samples a pixel. */
  readonly step: number;
  readonly indices: readonly number[];
  readonly tables: readonly HuffmanTable[];
  readonly predictor: number;
  /** Prediction of the first sample. */
  readonly first: number;
  /** One more than the largest sample. */
  readonly limit: number;
  readonly samples: LosslessSamples;
}

function decodeRows(bits: BitReader, { from, to }: { from: number; to: number }, rows: Rows): void {
  const { width, step, indices, tables, predictor, first, limit, samples } = rows;
  const above = width * step;
  for (let y = from; y < to; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = (y * width + x) * step;
      for (let c = 0; c < indices.length; c++) {
        const at = pixel + indices[c]!;
        let prediction = first;
        if (y > from && x > 0)
          prediction = predict(
            predictor,
            samples[at - step]!,
            samples[at - above]!,
            samples[at - above - step]!,
          );
        else if (x > 0) prediction = samples[at - step]!;
        else if (y > from) prediction = samples[at - above]!;
        const category = tables[c]!.decode(bits);
        if (category > 16) throw corruptDicom('the compressed pixels are not valid');
        const difference = category === 16 ? 0x8000 : bits.readExtended(category);
        const sample = (prediction + difference) & 0xffff;
        if (sample >= limit) throw corruptDicom('the compressed pixels are not valid');
        samples[at] = sample;
      }
    }
    bits.assertInside();
  }
  bits.assertEnd();
}

/** T.81 table H.1: a to the left, b above, c above a. */
function predict(predictor: number, a: number, b: number, c: number): number {
  switch (predictor) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}

function shift(samples: LosslessSamples, step: number, indices: readonly number[], bits: number): void {
  for (const index of indices) {
    for (let at = index; at < samples.length; at += step) samples[at] = samples[at]! << bits;
  }
}
