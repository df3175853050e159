import { createHash } from 'node:crypto';
import {
  DICOM_FIXTURES,
  type DicomFixture,
  dicomFile,
  independentUnits,
  independentValues,
} from '../../../test/fixtures/dicom/fixtures';
import { decodeDicom } from './dicom';

/** Grey levels that a lossy file may differ by from what FFmpeg's own decoder gives; 0 where nothing is said. */
const ROUNDING: Readonly<Record<string, number>> = {
  'j2k-lossy-u12': 1,
  'j2k-lossy-u16': 2,
  'j2k-lossy-rgb8': 1,
  'htj2k-lossy-u12': 1,
  'htj2k-lossy-u16': 1,
};

const sha256 = (values: NodeJS.ArrayBufferView): string => createHash('sha256').update(values).digest('hex');

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : NaN;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

const ROWS = DICOM_FIXTURES.map((fixture) => [fixture.name, fixture] as const);
const RENDERED = ROWS.filter(([, { modality }]) => modality !== undefined);

async function storedValues(fixture: DicomFixture): Promise<Float32Array> {
  const { name, frame } = fixture;
  const { image, dicom } = await decodeDicom(dicomFile(name), { value_space: 'stored', frame });
  const { data, ...shape } = image;
  expect(shape).toEqual({ width: fixture.columns, height: fixture.rows, channels: fixture.channels });
  expect(dicom?.transfer_syntax_uid).toBe(fixture.syntax);
  return data;
}

describe('decodeDicom gives what an independent decoder gives [R-02]', () => {
  it.each(ROWS.filter(([, { decoder }]) => decoder === undefined))('%s', async (_, fixture) => {
    const data = await storedValues(fixture);
    const every = Math.floor(data.length / 8);
    expect(fixture.some).toEqual(fixture.some.map((_, i) => data[i * every]));
    expect(sha256(Int32Array.from(data))).toBe(fixture.sha256);
  });

  it.each(ROWS.filter(([, { decoder }]) => decoder !== undefined))('%s', async (name, fixture) => {
    const data = await storedValues(fixture);
    expect(largestDifference(data, independentValues(name))).toBeLessThanOrEqual(ROUNDING[name] ?? 0);
  });

  it('in every supported transfer syntax', () => {
    expect(new Set(DICOM_FIXTURES.map(({ syntax }) => syntax)).size).toBe(16);
  });

  it.each(RENDERED)(
    'rescale, window and polarity of %s as pydicom computes them',
    async (name, { modality }) => {
      const { displayed } = await decodeDicom(dicomFile(name), { value_space: 'voi' });
      expect(largestDifference(displayed.data, independentUnits(name))).toBeLessThan(1e-6);
      const { image } = await decodeDicom(dicomFile(name), { value_space: 'modality' });
      expect(sha256(image.data)).toBe(modality);
    },
  );
});
