import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync, chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createApp } from '../../src/app.setup';
import { loadConfiguration } from '../../src/config/configuration';
import { ModelIntegrity } from '../../src/inference/registration/model-integrity.service';
import { type Role, ROLES } from '../../src/http/principal';
import { IMAGE, meanModel, node, onnxModel, POOLED, valueInfo } from '../fixtures/models/onnx-writer';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

const dataDir = temporaryDirectory();
let running: RunningApp;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  running = await startApp({ DATA_DIR: dataDir });
  for (const role of ROLES) tokens.set(role, await running.token(role));
});
afterAll(() => running.stop());

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
  readonly headers: Headers;
}

async function send(
  role: Role,
  method: string,
  path: string,
  body?: object,
  url = running.url,
): Promise<Answer> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${tokens.get(role)}`,
      ...(body !== undefined && !isForm && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

/** Half of the image is white: the second score is 0.5 plus the bias. */
const DATA = Array.from({ length: 64 * 64 }, (_, i) => (i < 2048 ? 1 : 0));

let names = 0;
const newName = (): string => `mean-${++names}`;

function manifestOf(changes: object = {}, bias = 0): Record<string, unknown> {
  const golden = {
    input: { data: DATA, width: 64, height: 64 },
    output: { scores: [[0.5 - bias, 0.5 + bias]] },
    tolerance: 1e-5,
  };
  return {
    model_name: newName(),
    version: '1.0.0',
    clinical_domain: 'testing',
    labels: ['dark', 'bright'],
    golden: [golden],
    ...changes,
  };
}

function formOf(manifest: unknown, file: Buffer = meanModel(), fileName = 'model.onnx'): FormData {
  const form = new FormData();
  form.append('manifest', typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  form.append('file', new Blob([new Uint8Array(file)]), fileName);
  return form;
}

const upload = (manifest: unknown, file?: Buffer, fileName?: string): Promise<Answer> =>
  send('model_manager', 'POST', '/models', formOf(manifest, file, fileName));

function idOf({ status, body }: Answer): string {
  expect({ status, code: body.code }).toEqual({ status: 201, code: undefined });
  return body.model_id;
}

const registered = async (changes: object = {}, bias = 0): Promise<string> =>
  idOf(await upload(manifestOf(changes, bias), meanModel(bias)));

const transition = (
  role: Role,
  id: string,
  to: string,
  more: object = { password: PASSWORD },
): Promise<Answer> =>
  send(role, 'POST', `/models/${id}/transitions`, { to, reason: 'because the test says so', ...more });

const promoted = async (changes: object = {}, bias = 0): Promise<string> =>
  inProduction(await registered(changes, bias));

async function inProduction(id: string): Promise<string> {
  expect((await transition('model_manager', id, 'validation')).status).toBe(201);
  expect((await transition('approver', id, 'production')).status).toBe(201);
  return id;
}

const infer = (role: Role, wish: object, url?: string): Promise<Answer> =>
  send(role, 'POST', '/infer', { data: DATA, ...wish }, url);

async function count(table: string): Promise<number> {
  const [row] = await running.dataSource.query<[{ count: number }]>(`SELECT count(*)::int FROM ${table}`);
  return row.count;
}

const uploads = (): string[] => readdirSync(join(dataDir, 'uploads'));

describe('a version from file to service [R-34] [R-36] [R-37]', () => {
  let id: string;
  const name = newName();

  it('POST /models › proves the file, reads what it says itself, and stores it under its hash', async () => {
    const file = meanModel(0.25);
    const { status, body, headers } = await upload(manifestOf({ model_name: name }, 0.25), file);
    id = body.model_id;
    const hash = createHash('sha256').update(file).digest('hex');
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/models/${id}`);
    expect(body).toMatchObject({
      model_name: name,
      version: '1.0.0',
      status: 'development',
      confidence_threshold: 0.85,
      input_shape: ['batch', 1, 64, 64],
      output_shape: ['batch', 2],
      file_hash: hash,
      manifest: { input: { name: 'image', channels: 1 }, output: { name: 'scores' } },
      onnx: { opsets: { 'ai.onnx': 13 }, producer: 'onnx-writer', parameters: 4 },
      self_test: { passed: true, samples: 1, failures: [] },
      deployed_at: null,
    });
    expect(readFileSync(join(dataDir, 'models', `${hash}.onnx`)).equals(file)).toBe(true);
    expect(uploads()).toEqual([]);
  });

  it('POST /models › keeps every field that is documented', async () => {
    const manifest = manifestOf({
      intended_use: 'for tests alone',
      input: {
        layout: 'NCHW',
        value_space: 'voi',
        burned_in: 'warn',
        resize: { width: 64, height: 64, kernel: 'bicubic', antialias: false },
        channels: 1,
        mean: [0],
        std: [1],
        range: [0, 1],
      },
      quality: {
        policy: 'warn',
        thresholds: { noise_sigma: null },
        by_modality: { MR: { contrast_sd: { fail_below: 2 } } },
      },
      batching: { max: 4 },
    });
    const { status, body } = await upload(manifest);
    expect({ status, errors: body.errors }).toEqual({ status: 201, errors: undefined });
    const { body: shown } = await send('viewer', 'GET', `/models/${body.model_id}`);
    expect(shown.manifest).toMatchObject(manifest);
    const { body: answer } = await infer('model_manager', { model_id: body.model_id });
    expect(answer.model.intended_use).toBe('for tests alone');
  });

  it('answers only to those who test it before it is in production', async () => {
    expect(await infer('clinician', { model_id: id })).toMatchObject({
      status: 409,
      body: { code: 'MODEL_NOT_ACTIVE' },
    });
    const { status, body } = await infer('model_manager', { model_id: id });
    expect([status, body.model.status]).toEqual([200, 'development']);
  });

  it('POST /models/{id}/transitions › is signed with name, time and meaning [R-55]', async () => {
    expect((await transition('model_manager', id, 'validation', {})).body.signature).toBeNull();
    expect((await infer('approver', { model_id: id })).status).toBe(200);
    const { status, body } = await transition('approver', id, 'production');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      from_status: 'validation',
      to_status: 'production',
      signature: {
        printed_name: 'approver',
        role: 'approver',
        meaning: 'approved for production',
        valid: true,
      },
    });
    expect(Date.parse(body.signature.signed_at)).toBeGreaterThan(Date.now() - 60_000);
    const answer = await infer('clinician', { model_id: id });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        outputs: { scores: [[0.25, 0.75]] },
        prediction: { label: 'bright' },
        model: { status: 'production' },
      },
    });
  });

  it('GET /models/{id}/transitions › shows the whole history', async () => {
    const { body } = await send('viewer', 'GET', `/models/${id}/transitions`);
    expect(body.items).toMatchObject([
      { from_status: 'development', to_status: 'validation', signature: null },
      { from_status: 'validation', to_status: 'production', signature: { valid: true } },
    ]);
    const { body: trail } = await send(
      'auditor',
      'GET',
      `/audit?sequenced=wait&object_id=${id}&action=model.transitioned`,
    );
    expect(trail.items).toMatchObject([
      { outcome: 'success', details: { from_status: 'validation', to_status: 'production' } },
      { outcome: 'success', details: { from_status: 'development', to_status: 'validation' } },
    ]);
    expect(trail.items[0].details.record_hash).toBe(body.items[1].signature.record_hash);
  });

  it('GET /models/{id}/stats › counts, percentiles, confidence and drift against the validation', async () => {
    const { body } = await send('viewer', 'GET', `/models/${id}/stats`);
    expect(body).toMatchObject({
      count: 3,
      failures: 0,
      confidence: {
        production: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        validation: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
      },
      drift: { population_stability_index: 0 },
    });
    expect(body.inference_latency_ms.p50).toBeGreaterThan(0);
    expect(body.inference_latency_ms.p99).toBeGreaterThanOrEqual(body.inference_latency_ms.p95);
    expect(await send('viewer', 'GET', '/models/01900000-0000-7000-8000-000000000000/stats')).toMatchObject({
      status: 404,
      body: { code: 'MODEL_NOT_FOUND' },
    });
  });

  it('GET /models › filters and counts right', async () => {
    const { body } = await send(
      'viewer',
      'GET',
      `/models?model_name=${name}&status=production&clinical_domain=testing`,
    );
    expect(body).toMatchObject({
      total: 1,
      skip: 0,
      limit: 10,
      items: [{ model_id: id, labels: ['dark', 'bright'] }],
    });
    expect((await send('viewer', 'GET', `/models?model_name=${name}&skip=1`)).body).toMatchObject({
      total: 1,
      items: [],
    });
    expect((await send('viewer', 'GET', `/models?model_name=${name}&status=development`)).body.total).toBe(0);
    expect((await send('viewer', 'GET', '/models?limit=101')).status).toBe(400);
  });

  it('a deprecated version refuses with 409 MODEL_NOT_ACTIVE', async () => {
    expect((await transition('approver', id, 'deprecated')).body.signature).toMatchObject({
      meaning: 'withdrawn from production',
      valid: true,
    });
    for (const role of ['clinician', 'model_manager'] as const) {
      expect(await infer(role, { model_id: id })).toMatchObject({
        status: 409,
        body: { code: 'MODEL_NOT_ACTIVE' },
      });
    }
  });
});

describe('POST /models › identity', () => {
  it('gives the existing version for the same file and manifest, 409 for another of either', async () => {
    const manifest = manifestOf();
    const first = await upload(manifest);
    const again = await upload(manifest);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const { body: document } = await send('viewer', 'GET', '/docs/openapi.json');
    expect(Object.keys(document.paths['/models'].post.responses)).toEqual(
      expect.arrayContaining(['200', '201']),
    );
    const conflict = { status: 409, body: { code: 'MODEL_VERSION_EXISTS' } };
    expect(await upload(manifest, meanModel(0, Buffer.from([0x28, 1])))).toMatchObject(conflict);
    expect(await upload({ ...manifest, confidence_threshold: 0.5 })).toMatchObject(conflict);
    expect(uploads()).toEqual([]);
  });

  it('makes one version of two uploads at once', async () => {
    const manifest = manifestOf();
    const answers = await Promise.all([upload(manifest), upload(manifest)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
    expect(answers[0].body.model_id).toBe(answers[1].body.model_id);
  });

  it('takes one of two different uploads at once of the same version', async () => {
    const manifest = manifestOf();
    const answers = await Promise.all([
      upload(manifest),
      upload(manifest, meanModel(0, Buffer.from([0x28, 1]))),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  });

  it.each([
    ['of the file', (hash: string) => hash, 201],
    ['of another file', () => createHash('sha256').update('x').digest('base64'), 422],
  ])('checks a Content-Digest %s', async (_name, digest, status) => {
    const file = meanModel();
    const hash = createHash('sha256').update(file).digest('base64');
    const response = await fetch(`${running.url}/models`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${tokens.get('model_manager')}`,
        'Content-Digest': `sha-256=:${digest(hash)}:`,
      },
      body: formOf(manifestOf(), file),
    });
    expect(response.status).toBe(status);
    expect(uploads()).toEqual([]);
  });

  it('never changes a version, not even by SQL', async () => {
    const id = await registered();
    for (const change of [
      "file_hash = repeat('a', 64)",
      "manifest = '{}'",
      "model_name = 'other'",
      'created_by = id',
    ]) {
      await expect(
        running.dataSource.query(`UPDATE model_versions SET ${change} WHERE id = $1`, [id]),
      ).rejects.toMatchObject({ constraint: 'model_versions_immutable' });
    }
    await expect(
      running.dataSource.query(`UPDATE model_versions SET status = 'production' WHERE id = $1`, [id]),
    ).rejects.toMatchObject({ constraint: 'model_versions_transition' });
    await expect(
      running.dataSource.query('DELETE FROM model_versions WHERE id = $1', [id]),
    ).rejects.toMatchObject({
      constraint: 'model_versions_permanent',
    });
  });
});

const fixture = (name: string): Buffer => readFileSync(join(__dirname, `../fixtures/models/${name}.onnx`));

describe('POST /models › bad input leaves neither file nor row', () => {
  let before: number;
  beforeEach(async () => {
    before = await count('model_versions');
  });
  afterEach(async () => {
    expect(await count('model_versions')).toBe(before);
    expect(uploads()).toEqual([]);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
  });

  it.each<[string, Buffer, string]>([
    ['a truncated file', meanModel().subarray(0, 150), 'MODEL_FILE_INVALID'],
    ['an empty file', Buffer.alloc(0), 'MODEL_FILE_INVALID'],
    ['a ZIP archive', Buffer.from('PK\u0003\u0004 and so on and so on'), 'MODEL_FILE_INVALID'],
    ['a pickle', Buffer.from('\u0080\u0004\u0095 and so on and so on', 'latin1'), 'MODEL_FILE_INVALID'],
    ['a text', Buffer.from('this is not a model at all'), 'MODEL_FILE_INVALID'],
    ['external data', fixture('external-data'), 'MODEL_FILE_INVALID'],
    ['a loop', fixture('endless-run'), 'MODEL_FILE_INVALID'],
    ['a model with other outputs', fixture('quarters'), 'MODEL_MANIFEST_MISMATCH'],
  ])('refuses %s with 422 and the reason', async (_name, file, code) => {
    const { status, body } = await upload(manifestOf(), file);
    expect({ status, code: body.code }).toEqual({ status: 422, code });
    const { body: trail } = await send(
      'auditor',
      'GET',
      '/audit?sequenced=wait&limit=1&action=model.registered',
    );
    expect(trail.items[0]).toMatchObject({ outcome: 'refused', reason: code, request_id: body.instance });
  });

  it.each<[string, object, string]>([
    ['a path as a name', { model_name: '../../etc/cron.d/x' }, 'model_name'],
    ['an absolute name', { model_name: '/etc/passwd' }, 'model_name'],
    ['a name of 10,000 characters', { model_name: 'a'.repeat(10_000) }, 'model_name'],
    ['a version that is no semantic one', { version: '1.0' }, 'version'],
    ['a version with a leading zero', { version: '01.0.0' }, 'version'],
    ['a status', { status: 'production' }, 'status'],
    ['a file hash', { file_hash: 'ab' }, 'file_hash'],
    ['a threshold above 1', { confidence_threshold: 1.5 }, 'confidence_threshold'],
    ['an unknown field further down', { input: { colour: 'red' } }, 'input.colour'],
    ['a metric that does not exist', { quality: { thresholds: { beauty: null } } }, 'quality.thresholds'],
    [
      'a metric that does not exist, of a modality',
      { quality: { by_modality: { CT: { beauty: null } } } },
      'quality.by_modality.CT',
    ],
    ['a burned_in that is no policy', { input: { burned_in: 'ignore' } }, 'input.burned_in'],
    ['an intended use of two lines', { intended_use: 'a\nb' }, 'intended_use'],
    ['a batch of no image', { batching: { max: 0 } }, 'batching.max'],
    [
      'a resize with a kernel of its own',
      { input: { resize: { width: 64, height: 64, kernel: 'lanczos', antialias: true } } },
      'input.resize.kernel',
    ],
    ['a value space that does not exist', { input: { value_space: 'hu' } }, 'input.value_space'],
    ['a range from high to low', { input: { range: [1, 0] } }, 'input.range'],
    ['a standard deviation of 0', { input: { std: [0] } }, 'input.std'],
    [
      'a golden sample without input',
      { golden: [{ output: { scores: [0] }, tolerance: 0 }] },
      'golden.0.input',
    ],
    [
      'a negative tolerance',
      { golden: [{ input: { data: [1] }, output: { scores: [0] }, tolerance: -1 }] },
      'golden.0.tolerance',
    ],
  ])('refuses %s with 400 and the field', async (_name, changes, field) => {
    const { status, body } = await upload(manifestOf(changes));
    expect({ status, code: body.code, field: body.errors[0].field }).toEqual({
      status: 400,
      code: 'VALIDATION_FAILED',
      field,
    });
  });

  it.each<[string, object, string]>([
    ['an input that the model does not have', { input: { name: 'pixels' } }, 'input.name'],
    ['three channels for a model of one', { input: { channels: 3 } }, 'input.channels'],
    ['three labels for two scores', { labels: ['a', 'b', 'c'] }, 'labels'],
    [
      'a golden output of another shape',
      { golden: [{ input: { data: DATA }, output: { scores: [[1, 2, 3]] }, tolerance: 1 }] },
      'golden.0.output',
    ],
    [
      'a golden output that does not exist',
      { golden: [{ input: { data: DATA }, output: { mask: [[1]] }, tolerance: 1 }] },
      'golden.0.output',
    ],
    [
      'a golden image that is none',
      { golden: [{ input: { image: 'AAAA' }, output: { scores: [[1, 1]] }, tolerance: 1 }] },
      'golden.0.input',
    ],
    [
      'a golden image of another size',
      {
        golden: [{ input: { data: Array(128 * 128).fill(0.5) }, output: { scores: [[1, 1]] }, tolerance: 1 }],
      },
      'golden.0.input',
    ],
  ])('refuses %s with 422 and the field', async (_name, changes, field) => {
    const { status, body } = await upload(manifestOf(changes));
    expect({ status, code: body.code, field: body.errors[0].field }).toEqual({
      status: 422,
      code: 'MODEL_MANIFEST_MISMATCH',
      field,
    });
  });

  it.each<[string, string]>([
    ['text that is not JSON', '{"model_name":'],
    ['an array', '[]'],
    ['NUL', '{"model_name":"a\\u0000b"}'],
    ['a number without end', '{"confidence_threshold":1e999}'],
    ['a name that reaches the prototype', '{"__proto__":{"status":"production"}}'],
    ['10,000 nested arrays', `{"golden":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ])('refuses a manifest of %s with 400', async (_name, manifest) => {
    expect((await upload(manifest)).status).toBe(400);
  });

  it('refuses a form without a file, with an unknown part, and a body that is no form', async () => {
    const form = new FormData();
    form.append('manifest', JSON.stringify(manifestOf()));
    expect((await send('model_manager', 'POST', '/models', form)).status).toBe(400);
    const more = formOf(manifestOf());
    more.append('status', 'production');
    expect((await send('model_manager', 'POST', '/models', more)).status).toBe(400);
    expect((await send('model_manager', 'POST', '/models', { model_name: 'x' })).status).toBe(415);
  });

  it('refuses an upload that is cut off half-way', async () => {
    const { port } = new URL(running.url);
    const request = new Request(running.url, {
      method: 'POST',
      body: formOf(manifestOf(), Buffer.alloc(400_000, 8)),
    });
    const body = Buffer.from(await request.arrayBuffer());
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.get('model_manager')}\r\n` +
            `Content-Type: ${request.headers.get('content-type')}\r\nContent-Length: ${body.length}\r\n\r\n`,
        );
        socket.write(body.subarray(0, body.length / 2), () => setTimeout(() => socket.destroy(), 300));
      });
      socket.once('close', () => resolve());
    });
    const entry = async (): Promise<unknown> =>
      (await send('auditor', 'GET', '/audit?sequenced=wait&limit=1&action=model.registered')).body.items[0]
        .reason;
    while ((await entry()) !== 'REQUEST_BODY_INCOMPLETE') await new Promise((again) => setTimeout(again, 50));
    expect(uploads()).toEqual([]);
  });
});

describe('POST /models › constants of the manifest', () => {
  it('may be as large as a manifest, and reach the model whole', async () => {
    const file = onnxModel({
      graph: [
        ...POOLED,
        node('ReduceMean', ['mask'], ['offset']),
        node('Add', ['mean', 'offset'], ['scores']),
        IMAGE,
        valueInfo(11, 'mask', [512, 512]),
        valueInfo(12, 'scores', ['batch', 1]),
      ],
    });
    const row = Array.from({ length: 512 }, (_, x) => (x % 2 === 0 ? 0.1234567 : 0.3765433));
    const extra = [{ name: 'mask', value: Array(512).fill(row) }];
    expect(JSON.stringify(extra).length).toBeGreaterThan(2 * 1024 ** 2);
    const golden = {
      input: { data: DATA, width: 64, height: 64 },
      output: { scores: [[0.75]] },
      tolerance: 1e-3,
    };
    const manifest = manifestOf({ labels: [], input: { name: 'image', extra }, golden: [golden] });
    const id = await inProduction(idOf(await upload(manifest, file)));
    const { status, body } = await infer('clinician', { model_id: id });
    expect(status).toBe(200);
    expect(body.outputs.scores[0][0]).toBeCloseTo(0.75, 3);
  });
});

describe('POST /models › names of files', () => {
  it.each(['../../../evil.onnx', '/etc/passwd', 'C:\\windows\\system32\\x', 'a'.repeat(10_000)])(
    'ignores %.20s',
    async (fileName) => {
      expect((await upload(manifestOf(), undefined, fileName)).status).toBe(201);
      expect(readdirSync(join(dataDir, 'models')).every((name) => /^[0-9a-f]{64}\.onnx$/.test(name))).toBe(
        true,
      );
    },
  );
});

describe('roles and steps [R-34] [R-50]', () => {
  const STATUSES = ['development', 'validation', 'production', 'deprecated'] as const;
  const ALLOWED: Record<string, readonly Role[]> = {
    'development → validation': ['model_manager'],
    'validation → development': ['model_manager', 'approver'],
    'validation → production': ['approver'],
    'production → deprecated': ['approver'],
  };
  /** Whoever may bring about a status at all learns that the step is impossible; the others only that they may not. */
  const mayReach = (role: Role, to: string): boolean =>
    Object.entries(ALLOWED).some(([step, roles]) => step.endsWith(`→ ${to}`) && roles.includes(role));

  async function versionIn(status: (typeof STATUSES)[number]): Promise<string> {
    const id = await registered();
    for (const step of STATUSES.slice(1, STATUSES.indexOf(status) + 1)) {
      expect((await transition(step === 'validation' ? 'model_manager' : 'approver', id, step)).status).toBe(
        201,
      );
    }
    return id;
  }

  it.each(STATUSES)('from %s: the whole table', async (from) => {
    let id = await versionIn(from);
    for (const to of STATUSES) {
      for (const role of ROLES) {
        const { status } = await transition(role, id, to);
        const allowed = ALLOWED[`${from} → ${to}`]?.includes(role) ?? false;
        const expected = allowed ? 201 : mayReach(role, to) ? 409 : 403;
        expect(`${role}: ${from} → ${to} ${status}`).toBe(`${role}: ${from} → ${to} ${expected}`);
        if (allowed) id = await versionIn(from);
      }
    }
  });

  it('a refusal says for whom the step is', async () => {
    const id = await versionIn('validation');
    expect(await transition('viewer', id, 'production')).toMatchObject({
      status: 403,
      body: { detail: expect.stringMatching(/^This route is for: model_manager, approver\./) },
    });
    expect(await transition('model_manager', id, 'production')).toMatchObject({
      status: 403,
      body: { detail: expect.stringMatching(/^The step to production is for: approver\./) },
    });
  });

  it('an upload is a matter of the model_manager', async () => {
    for (const role of ROLES) {
      const { status } = await send(role, 'POST', '/models', formOf(manifestOf()));
      expect(`${role} ${status}`).toBe(`${role} ${role === 'model_manager' ? 201 : 403}`);
    }
  });

  it('whoever uploaded a version does not approve it, whatever his role is now', async () => {
    const id = await registered();
    await transition('model_manager', id, 'validation');
    const approver = `(SELECT id FROM users WHERE username = 'approver')`;
    await running.dataSource.query('ALTER TABLE model_versions DISABLE TRIGGER model_versions_guard');
    await running.dataSource.query(`UPDATE model_versions SET created_by = ${approver} WHERE id = $1`, [id]);
    await running.dataSource.query('ALTER TABLE model_versions ENABLE ALWAYS TRIGGER model_versions_guard');
    expect(await transition('approver', id, 'production')).toMatchObject({
      status: 403,
      body: { code: 'MODEL_APPROVER_IS_UPLOADER' },
    });
  });

  it('a signature needs the password: without 400, with a wrong one 403, and nothing is written', async () => {
    const id = await versionIn('validation');
    const before = [await count('model_transitions'), await count('electronic_signatures')];
    expect(await transition('approver', id, 'production', {})).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'password' }] },
    });
    expect(
      await transition('approver', id, 'production', { password: 'not the password at all' }),
    ).toMatchObject({
      status: 403,
      body: { code: 'SIGNATURE_PASSWORD_WRONG', detail: expect.stringContaining('still logged in') },
    });
    expect([await count('model_transitions'), await count('electronic_signatures')]).toEqual(before);
    expect((await send('viewer', 'GET', `/models/${id}`)).body.status).toBe('validation');
  });

  it('of two promotions at once the database lets one through', async () => {
    const id = await versionIn('validation');
    const answers = await Promise.all([1, 2, 3].map(() => transition('approver', id, 'production')));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const { body } = await send('viewer', 'GET', `/models/${id}/transitions`);
    expect(
      body.items.filter(({ to_status }: { to_status: string }) => to_status === 'production'),
    ).toHaveLength(1);
  });

  it('a signature moved under another record, or a record changed under it, verifies as false', async () => {
    const [signed, other] = [await versionIn('production'), await versionIn('production')];
    const swap = (from: string, to: string): Promise<unknown> =>
      running.dataSource.query(
        `INSERT INTO model_transitions (id, model_version_id, from_status, to_status, reason, actor_id, signature_id, occurred_at)
         SELECT gen_random_uuid(), $2, from_status, to_status, reason, actor_id, signature_id, occurred_at
         FROM model_transitions WHERE model_version_id = $1 AND to_status = 'production'`,
        [from, to],
      );
    await swap(signed, other);
    const { body } = await send('auditor', 'GET', `/models/${other}/transitions`);
    const valid = body.items
      .filter(({ to_status }: { to_status: string }) => to_status === 'production')
      .map(({ signature }: { signature: { valid: boolean } }) => signature.valid);
    expect(valid.sort()).toEqual([false, true]);
    for (const table of ['model_transitions', 'electronic_signatures']) {
      await expect(running.dataSource.query(`DELETE FROM ${table}`)).rejects.toThrow('append-only');
    }
  });
});

describe('self-test', () => {
  it('a miss is shown and keeps the version out of production', async () => {
    const { status, body } = await upload(manifestOf({}, 0.25), meanModel(0));
    expect(status).toBe(201);
    expect(body.self_test).toMatchObject({ passed: false, failures: [{ sample: 0 }] });
    await transition('model_manager', body.model_id, 'validation');
    const refusal = await transition('approver', body.model_id, 'production');
    expect(refusal).toMatchObject({ status: 409, body: { code: 'MODEL_SELF_TEST_FAILED' } });
    expect((await send('viewer', 'GET', `/models/${body.model_id}`)).body.status).toBe('validation');
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);
  });

  it('a version without golden samples is not proven', async () => {
    const id = await registered({ golden: [] });
    await transition('model_manager', id, 'validation');
    expect(await transition('approver', id, 'production')).toMatchObject({
      status: 409,
      body: { code: 'MODEL_SELF_TEST_FAILED' },
    });
  });
});

describe('POST /models/{id}/rollback', () => {
  const rollBack = (role: Role, id: string): Promise<Answer> =>
    send(role, 'POST', `/models/${id}/rollback`, { reason: 'false positives', password: PASSWORD });

  it('brings the previous version back in one signed step', async () => {
    const model_name = newName();
    const first = await promoted({ model_name });
    expect(await rollBack('approver', first)).toMatchObject({
      status: 409,
      body: { code: 'MODEL_NO_PREVIOUS' },
    });
    const second = await promoted({ model_name, version: '2.0.0' }, 0.25);
    expect((await transition('approver', first, 'deprecated')).status).toBe(201);
    expect((await rollBack('model_manager', second)).status).toBe(403);

    const { status, body } = await rollBack('approver', second);
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { model_id: second, from_status: 'production', to_status: 'deprecated', signature: { valid: true } },
      { model_id: first, from_status: 'deprecated', to_status: 'production', signature: { valid: true } },
    ]);
    expect((await infer('clinician', { model_id: second })).status).toBe(409);
    expect((await infer('clinician', { model_id: first })).status).toBe(200);
    expect((await rollBack('approver', second)).status).toBe(409);
  });
});

describe('several versions at once', () => {
  it('the newest version of a model answers by default, and its clinical domain chooses among models', async () => {
    const clinical_domain = 'switching';
    const model_name = newName();
    const first = await promoted({ model_name, clinical_domain });
    expect((await infer('clinician', { clinical_domain })).body.model.model_id).toBe(first);
    const second = await promoted({ model_name, clinical_domain, version: '2.0.0' }, 0.25);
    expect((await infer('clinician', { clinical_domain })).body.model.model_id).toBe(second);
    expect((await infer('clinician', { model_id: first })).body.model.model_id).toBe(first);
    await promoted({ clinical_domain });
    expect(await infer('clinician', { clinical_domain })).toMatchObject({
      status: 409,
      body: { code: 'MODEL_NOT_SELECTED' },
    });
    expect(await infer('clinician', { clinical_domain: 'nowhere' })).toMatchObject({ status: 409 });
  });

  it('switches under load of 8 clients without a lost request, each answered by one version alone', async () => {
    const clinical_domain = 'load';
    const model_name = newName();
    const versions = [await promoted({ model_name, clinical_domain })];
    const load = { on: true };
    const served = new Map<string, number>();
    const failures: unknown[] = [];
    const client = async (): Promise<void> => {
      while (load.on) {
        const { status, body } = await infer('clinician', { clinical_domain });
        if (status !== 200) failures.push(body);
        else {
          served.set(body.model.model_id, (served.get(body.model.model_id) ?? 0) + 1);
          const bias = versions.indexOf(body.model.model_id) * 0.1;
          if (Math.abs(body.outputs.scores[0][1] - 0.5 - bias) > 1e-5) failures.push(body);
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (const [index, version] of ['2.0.0', '3.0.0'].entries()) {
      const bias = (index + 1) * 0.1;
      const { body } = await upload(
        manifestOf({ model_name, clinical_domain, version }, bias),
        meanModel(bias),
      );
      versions.push(body.model_id);
      await transition('model_manager', body.model_id, 'validation');
      expect((await transition('approver', body.model_id, 'production')).status).toBe(201);
      expect((await transition('approver', versions[index]!, 'deprecated')).status).toBe(201);
    }
    await infer('clinician', { clinical_domain });
    load.on = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect([...served.keys()].sort()).toEqual([...versions].sort());
  });
});

describe('integrity in service [R-35]', () => {
  it('a file changed on disk is quarantined and audited, the others serve, and a restored one is back', async () => {
    const [sound, damaged] = [await promoted({}, 0.01), await promoted({}, 0.02)];
    const { body: about } = await send('viewer', 'GET', `/models/${damaged}`);
    const path = join(dataDir, 'models', `${about.file_hash}.onnx`);
    const file = readFileSync(path);
    const verify = (): Promise<void> => running.app.get(ModelIntegrity).verify();
    chmodSync(path, 0o600);
    writeFileSync(path, Buffer.concat([file.subarray(0, -1), Buffer.from([file.at(-1)! ^ 1])]));
    await verify();
    expect(await infer('clinician', { model_id: damaged })).toMatchObject({
      status: 503,
      body: { code: 'MODEL_INTEGRITY_FAILED' },
    });
    expect((await infer('clinician', { model_id: sound })).status).toBe(200);
    const recorded = async (action: string): Promise<unknown> =>
      (await send('auditor', 'GET', `/audit?sequenced=wait&object_id=${damaged}&action=${action}`)).body
        .items;
    const entry = { actor_role: 'system', request_id: null, details: { problem: 'MODEL_INTEGRITY_FAILED' } };
    expect(await recorded('model.quarantined')).toMatchObject([entry]);
    expect(await recorded('model.released')).toEqual([]);

    writeFileSync(path, file);
    await verify();
    expect(await recorded('model.released')).toMatchObject([entry]);
    expect((await infer('clinician', { model_id: damaged })).status).toBe(200);
  });
});

describe('POST /models › a large file after a part that is refused', () => {
  it.each([
    ['a manifest that is no JSON', 'manifest', '{x'],
    ['a manifest of the wrong form', 'manifest', '{"model_name":"a","version":"v2"}'],
    ['a part of another name', 'model', 'x'],
  ])('%s: the refusal is answered, and the server goes on', async (_name, part, text) => {
    const form = new FormData();
    form.append(part, part === 'model' ? new Blob([text]) : text);
    form.append('file', new Blob([new Uint8Array(30 * 1024 ** 2)]), 'model.onnx');
    const headers = { Authorization: `Bearer ${await running.token('model_manager')}` };
    const { status } = await fetch(`${running.url}/models`, { method: 'POST', headers, body: form });
    expect(status).toBe(400);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
  });

  it('a file that is sent twice', async () => {
    const form = new FormData();
    for (let n = 0; n < 2; n++) form.append('file', new Blob([new Uint8Array(3 * 1024 ** 2)]), 'model.onnx');
    const headers = { Authorization: `Bearer ${await running.token('model_manager')}` };
    const answer = await fetch(`${running.url}/models`, { method: 'POST', headers, body: form });
    expect(await answer.json()).toMatchObject({ errors: [{ field: 'file', message: 'is sent twice' }] });
  });
});

// Last: closing a second application in this process takes the database from the first.
describe('another replica', () => {
  it('sees a promotion and a deprecation at once, since every request asks the database', async () => {
    const id = await registered({}, 0.03);
    const configuration = loadConfiguration({ DATA_DIR: dataDir, ENGINE_PROCESSES: '1' });
    const replica = await createApp(configuration, running.databaseUrls, false);
    await replica.listen(0, '127.0.0.1');
    const url = await replica.getUrl();
    try {
      expect((await infer('clinician', { model_id: id }, url)).status).toBe(409);
      await transition('model_manager', id, 'validation');
      await transition('approver', id, 'production');
      expect((await infer('clinician', { model_id: id }, url)).status).toBe(200);
      await transition('approver', id, 'deprecated');
      expect((await infer('clinician', { model_id: id }, url)).body.code).toBe('MODEL_NOT_ACTIVE');
    } finally {
      await replica.close();
    }
  });
});
