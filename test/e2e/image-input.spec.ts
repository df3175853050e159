import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from '../imaging/fixtures';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let clinician: string;

beforeAll(async () => {
  running = await startApp();
  clinician = await running.token('clinician');
});
afterAll(() => running.stop());

type Body = NonNullable<RequestInit['body']>;

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function post(path: string, body: Body, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${clinician}`, ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

const png = new Uint8Array(SAMPLE);
const digest = (bytes: Uint8Array, algorithm = 'sha-256'): string =>
  `${algorithm}=:${createHash(algorithm.replace('-', '')).update(bytes).digest('base64')}:`;
const hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('what was done is told [R-38]', () => {
  it('in the answer and in the stored result', async () => {
    const { body } = await post('/infer', png, { 'Content-Type': 'image/png' });
    expect(body.processing).toEqual({
      source: 'rendered',
      received_sha256: hex(png),
      dicom: null,
      orientation: null,
      not_applied: [],
      value_space: 'unit',
      channels: { from: 1, to: 1, conversion: 'none' },
      resize: { kernel: 'bilinear', antialias: true, from: [512, 512], to: [128, 128] },
      digest_verified: false,
      manifest_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const stored = await fetch(`${running.url}/results/${body.inference_id}`, {
      headers: { Authorization: `Bearer ${clinician}` },
    });
    expect(await stored.json()).toMatchObject({ processing: body.processing });
  });
});

describe('POST /infer › JPEG [R-02]', () => {
  it('runs, and tells how the image was turned', async () => {
    const file = new Uint8Array(fixture('grey-exif-6.jpg'));
    const { status, body } = await post('/infer', file, { 'Content-Type': 'image/jpeg' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      image: { format: 'jpeg', hash: hex(file) },
      processing: { source: 'rendered', orientation: { exif: 6, applied: true } },
    });
  });

  it.each([
    ['CMYK', fixture('refused-cmyk.jpg'), 415, 'IMAGE_FORMAT_UNSUPPORTED'],
    ['a cut file', fixture('grey.jpg').subarray(0, -2), 422, 'IMAGE_CORRUPT'],
    ['colour for a grey model', fixture('colour-444.jpg'), 422, 'IMAGE_CHANNELS_UNSUPPORTED'],
    ['a GIF file called JPEG', Buffer.from('GIF89a'), 415, 'IMAGE_FORMAT_UNSUPPORTED'],
  ])('refuses %s', async (_name, file, status, code) => {
    const answer = await post('/infer', new Uint8Array(file), { 'Content-Type': 'image/jpeg' });
    expect(answer).toMatchObject({ status, body: { code } });
  });
});

describe('POST /infer › a file that is called application/octet-stream [R-02]', () => {
  const dicom = readFileSync(join(__dirname, '../fixtures/dicom/explicit-u8.dcm'));
  it.each([
    ['PNG', 'image/png', png],
    ['JPEG', 'image/jpeg', fixture('grey.jpg')],
    ['DICOM', 'application/dicom', dicom],
  ])('is refused, and the answer says that it is %s', async (format, type, file) => {
    for (const query of ['', '?width=64&height=64']) {
      const answer = await post(`/infer${query}`, new Uint8Array(file), {
        'Content-Type': 'application/octet-stream',
      });
      expect(answer).toMatchObject({ status: 415, body: { code: 'REQUEST_MEDIA_TYPE_UNSUPPORTED' } });
      expect(answer.body.detail).toContain(`The body is a ${format} file`);
      expect(answer.body.detail).toContain(`send it as ${type}`);
    }
  });

  it('is a file in a form, whatever width and height say', async () => {
    const file = Buffer.concat([fixture('grey.jpg'), Buffer.alloc(4 * 64 * 64)]).subarray(0, 4 * 64 * 64);
    const form = new FormData();
    form.set('file', new Blob([file]));
    form.set('width', '64');
    form.set('height', '64');
    const answer = await post('/infer', form, {});
    expect(answer).toMatchObject({ status: 422, body: { code: 'IMAGE_CORRUPT' } });
  });
});

describe('POST /infer › 415 says what to send [R-14]', () => {
  it.each([
    ['another type', { 'Content-Type': 'text/csv' }, 'this route takes application/json, '],
    ['no type', { 'Content-Type': '' }, 'The request has no Content-Type'],
    ['a compressed body', { 'Content-Type': 'image/png', 'Content-Encoding': 'gzip' }, 'Content-Encoding'],
  ])('%s', async (_name, headers, text) => {
    const { status, body } = await post('/infer', png, headers);
    expect(status).toBe(415);
    expect(body.detail).toContain(text);
    expect(body.detail).not.toContain('detail');
  });

  it('a file of another format', async () => {
    const { status, body } = await post('/infer', Buffer.from('GIF89a'), { 'Content-Type': 'image/png' });
    expect(status).toBe(415);
    expect(body.detail).toMatch(
      /^The file is GIF, which is not supported\. Convert it to a PNG, JPEG or DICOM/,
    );
  });
});

const values = new Uint8Array(Float32Array.from({ length: 4096 }, (_, i) => (i % 97) / 97).buffer);
const json = Buffer.from(JSON.stringify({ image: SAMPLE.toString('base64') }));
const numbers = Buffer.from(`{"data":[${Array(4096).fill(0.5).join()}]}`);
const multipart = Buffer.concat([
  Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n'),
  SAMPLE,
  Buffer.from('\r\n--x--\r\n'),
]);

/** Form, content type, path, body, and the bytes of the image in it. */
const FORMS: [string, string, string, Uint8Array, Uint8Array][] = [
  ['a file', 'image/png', '/infer', png, png],
  ['float32 values', 'application/octet-stream', '/infer?width=64&height=64', values, values],
  ['base64 in JSON', 'application/json', '/infer', json, png],
  ['numbers in JSON', 'application/json', '/infer', numbers, numbers.subarray(8, -1)],
  ['a multipart form', 'multipart/form-data; boundary=x', '/infer', multipart, png],
];

describe('Content-Digest (RFC 9530)', () => {
  it.each(FORMS)('is checked over %s, and told', async (_name, type, path, content, image) => {
    const headers = { 'Content-Type': type, 'Content-Digest': digest(content) };
    const answer = await post(path, content as Body, headers);
    expect(answer).toMatchObject({
      status: 200,
      body: { processing: { digest_verified: true, received_sha256: hex(image) } },
    });
  });

  it.each(FORMS)(
    'that is of other bytes than %s is refused, and nothing runs',
    async (_name, type, path, content) => {
      const changed = Buffer.from(content);
      changed[changed.length - 60]! ^= 1;
      const headers = { 'Content-Type': type, 'Content-Digest': digest(content) };
      expect(await post(path, changed as Body, headers)).toMatchObject({
        status: 400,
        body: { code: 'REQUEST_DIGEST_MISMATCH' },
      });
    },
  );

  it.each([
    ['SHA-512', digest(png, 'sha-512'), 200, { processing: { digest_verified: true } }],
    [
      'two that agree',
      `${digest(png)}, ${digest(png, 'sha-512')}`,
      200,
      { processing: { digest_verified: true } },
    ],
    [
      'one of two that is wrong',
      `${digest(png)}, ${digest(values, 'sha-512')}`,
      400,
      { code: 'REQUEST_DIGEST_MISMATCH' },
    ],
    ['an algorithm that is not known', 'crc32c=:AAAAAA==:', 200, { processing: { digest_verified: false } }],
    ['bare hexadecimal', hex(png), 400, { code: 'REQUEST_DIGEST_MALFORMED' }],
  ])('%s', async (_name, field, status, body) => {
    const headers = { 'Content-Type': 'image/png', 'Content-Digest': field };
    expect(await post('/infer', png, headers)).toMatchObject({ status, body });
  });

  it('is checked on every other route that reads a body', async () => {
    const body = JSON.stringify({ username: 'clinician', password: 'x' });
    const headers = { 'Content-Type': 'application/json', 'Content-Digest': digest(png) };
    expect(await post('/auth/login', body, headers)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_DIGEST_MISMATCH' },
    });
  });
});
