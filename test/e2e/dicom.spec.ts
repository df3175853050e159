import { createHash } from 'node:crypto';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { decode } from 'fast-png';
import { jsonLogger } from '../../src/http/json-logger';
import { buildDicom, type Elements } from '../fixtures/dicom/dicom-builder';
import { dicomFile } from '../fixtures/dicom/fixtures';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

let running: RunningApp;
let clinician: string;
let model: string;
const log = join(temporaryDirectory(), 'log');

beforeAll(async () => {
  running = await startApp();
  Logger.overrideLogger(jsonLogger('trace', openSync(log, 'a')));
  clinician = await running.token('clinician');
  const version = await running.installDemoModel({
    version: '1.1.0',
    policy: 'warn',
    input: { value_space: 'voi' },
  });
  model = version.id;
});
afterAll(() => running.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function infer(file: Buffer, query = '', type = 'application/dicom'): Promise<Answer> {
  const response = await fetch(`${running.url}/infer?model_id=${model}${query}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${clinician}`, 'Content-Type': type },
    body: new Uint8Array(file),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

const pixels = Buffer.from(decode(SAMPLE).data as Uint8Array);
/** The sample as a modality would send it; the window shows stored values as they are. */
const SAMPLE_ELEMENTS: Elements = {
  '00180015': ['CS', 'CHEST'],
  '0020000D': ['UI', '2.25.10'],
  '0020000E': ['UI', '2.25.20'],
  '00280010': ['US', 512],
  '00280011': ['US', 512],
  '00281050': ['DS', '128'],
  '00281051': ['DS', '256'],
  '7FE00010': ['OB', pixels],
};

const PROCESSING = {
  source: 'dicom',
  value_space: 'voi',
  dicom: {
    transfer_syntax_uid: '1.2.840.10008.1.2.1',
    sop_class_uid: '1.2.840.10008.5.1.4.1.1.1.1',
    sop_instance_uid: '2.25.1',
    study_instance_uid: '2.25.10',
    series_instance_uid: '2.25.20',
    modality: 'DX',
    body_part_examined: 'CHEST',
    frame: 1,
    frames: 1,
    photometric_interpretation: 'MONOCHROME2',
    bits_stored: 8,
    pixel_representation: 'unsigned',
    modality_transform: null,
    padding: null,
    voi: { function: 'LINEAR', center: 128, width: 256, index: 1, of: 1 },
    polarity: 'as_stored',
    burned_in_annotation: null,
    warnings: [],
  },
};

describe('POST /infer › application/dicom [R-02] [R-38]', () => {
  it('gives the outputs of the same pixels as PNG, and tells and stores what was done', async () => {
    const file = buildDicom(SAMPLE_ELEMENTS);
    const answer = await infer(file);
    expect(answer.status).toBe(200);
    const png = await infer(SAMPLE, '', 'image/png');
    expect(answer.body.outputs).toEqual(png.body.outputs);
    expect(answer.body).toMatchObject({
      prediction: { label: 'bright spot' },
      image: {
        width: 512,
        height: 512,
        format: 'dicom',
        hash: createHash('sha256').update(file).digest('hex'),
      },
      validation: png.body.validation,
      processing: PROCESSING,
    });
    const stored = await fetch(`${running.url}/results/${answer.body.inference_id}`, {
      headers: { Authorization: `Bearer ${clinician}` },
    });
    expect(await stored.json()).toMatchObject(answer.body);
  });

  it('turns MONOCHROME1 round', async () => {
    const inverse = pixels.map((value) => 255 - value);
    const changes: Elements = { '00280004': ['CS', 'MONOCHROME1'], '7FE00010': ['OB', Buffer.from(inverse)] };
    const [plain, inverted] = [
      await infer(buildDicom(SAMPLE_ELEMENTS)),
      await infer(buildDicom({ ...SAMPLE_ELEMENTS, ...changes })),
    ];
    expect(inverted.body.outputs.probabilities[0][1]).toBeCloseTo(plain.body.outputs.probabilities[0][1], 6);
    expect(inverted.body.processing.dicom.polarity).toBe('inverted');
  });

  it('as base64 and as a file part, a compressed frame of three', async () => {
    const file = dicomFile('frames-jpeg-table');
    const body = Buffer.from(JSON.stringify({ image: file.toString('base64'), frame: 2, model_id: model }));
    const json = await infer(body, '', 'application/json');
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(file)]), 'x.dcm');
    form.append('frame', '2');
    form.append('model_id', model);
    const multipart = await fetch(`${running.url}/infer`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${clinician}` },
      body: form,
    });
    expect(json.status).toBe(200);
    expect(await multipart.json()).toMatchObject({
      outputs: json.body.outputs,
      processing: { dicom: { frame: 2, frames: 3, transfer_syntax_uid: '1.2.840.10008.1.2.4.70' } },
    });
  });

  it.each<[string, Buffer, number, string, string]>([
    ['several frames and none chosen', dicomFile('frames-rle'), 400, 'IMAGE_FRAME_REQUIRED', ''],
    ['a frame that is not there', dicomFile('frames-rle'), 422, 'IMAGE_FRAME_OUT_OF_RANGE', '&frame=4'],
    ['colour for a grey model', dicomFile('explicit-rgb8'), 422, 'IMAGE_CHANNELS_UNSUPPORTED', ''],
    ['MPEG-4', buildDicom({}, '1.2.840.10008.1.2.4.102'), 415, 'IMAGE_FORMAT_UNSUPPORTED', ''],
    ['text in the pixels', buildDicom({ '00280301': ['CS', 'YES'] }), 422, 'IMAGE_BURNED_IN_ANNOTATION', ''],
    ['rows that are too many', buildDicom({ '00280010': ['US', 65] }), 422, 'IMAGE_CORRUPT', ''],
    ['rows that are missing', buildDicom({ '00280010': null }), 422, 'IMAGE_ATTRIBUTE_INVALID', ''],
  ])('refuses %s', async (_, file, status, code, query) => {
    const answer = await infer(file, query);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('reports a secondary capture among the warnings', async () => {
    const changes: Elements = { '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.7'] };
    const { body } = await infer(buildDicom({ ...SAMPLE_ELEMENTS, ...changes }));
    expect(body.validation.warnings).toEqual([expect.stringMatching(/^burned_in_annotation: /)]);
  });
});

/** PS3.6: whatever names a person, or holds a date, a number or a place of theirs, or what somebody typed. */
const PERSONAL = [
  '00080050',
  '00080080',
  '00080081',
  '00080090',
  '00080092',
  '00080094',
  '00081010',
  '00081030',
]
  .concat([
    '0008103E',
    '00081040',
    '00081048',
    '00081050',
    '00081060',
    '00081070',
    '00100010',
    '00100020',
    '00100021',
  ])
  .concat([
    '00100030',
    '00100032',
    '00100040',
    '00101000',
    '00101001',
    '00101005',
    '00101010',
    '00101040',
    '00101060',
  ])
  .concat([
    '00101090',
    '00102154',
    '00102160',
    '00102180',
    '001021B0',
    '00104000',
    '00181030',
    '00181400',
    '00200010',
  ])
  .concat([
    '00204000',
    '00281055',
    '00321032',
    '00321033',
    '00380300',
    '00400006',
    '00400254',
    '0040A123',
    '4008010C',
  ]);

describe('what a file says of a person [R-02] [R-08] [R-46]', () => {
  it('is in no answer, no row, no audit entry and no log line', async () => {
    const canary = (tag: string): string => `CANARY${tag}^WINIFRED`;
    const personal = Object.fromEntries(PERSONAL.map((tag) => [tag, ['LO', canary(tag)] as const]));
    const file = buildDicom({ ...SAMPLE_ELEMENTS, ...personal });
    const answers = [
      await infer(file),
      await infer(buildDicom({ ...SAMPLE_ELEMENTS, ...personal, '00281050': ['DS', 'WINIFRED'] })),
      await infer(file.subarray(0, -100)),
      await infer(buildDicom({ ...SAMPLE_ELEMENTS, ...personal }, '1.2.840.10008.1.2.4.55')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 422, 422, 415]);

    const auditor = await running.token('auditor');
    const trail = await fetch(`${running.url}/audit?sequenced=wait&limit=50`, {
      headers: { Authorization: `Bearer ${auditor}` },
    });
    const rows = await Promise.all(
      ['inference_results', 'validation_results', 'audit_logs'].map((table) =>
        running.dataSource.query<unknown[]>(`SELECT to_jsonb(${table}) FROM ${table}`),
      ),
    );
    const lines = readFileSync(log, 'utf8');
    expect(lines.match(/"event":"http\.answered"/g)!.length).toBeGreaterThan(answers.length);
    expect(rows.every(({ length }) => length > 0)).toBe(true);
    const seen = [...answers.map(({ text }) => text), await trail.text(), JSON.stringify(rows), lines].join(
      '\n',
    );
    expect(seen).toContain('2.25.10');
    for (const word of ['CANARY', 'WINIFRED']) expect(seen).not.toContain(word);
  });
});
