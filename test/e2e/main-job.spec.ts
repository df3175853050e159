import type { OpenAPIObject } from '@nestjs/swagger';
import { tamper as withoutTriggers } from '../harness/audit-log';
import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let clinician: string;
let auditor: string;

beforeAll(async () => {
  running = await startApp();
  clinician = await running.token('clinician');
  auditor = await running.token('auditor');
});
afterAll(() => running.stop());

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function call(
  method: string,
  path: string,
  token?: string,
  body?: Uint8Array | string,
  type = 'application/json',
): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': type }),
    },
    body: body as RequestInit['body'],
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

const infer = (body: Uint8Array | string, type: string, token = clinician, query = ''): Promise<Answer> =>
  call('POST', `/infer${query}`, token, body, type);

async function count(table: string): Promise<number> {
  const [row] = await running.dataSource.query<[{ count: number }]>(`SELECT count(*)::int FROM ${table}`);
  return row.count;
}

async function newestEntry(): Promise<Record<string, unknown>> {
  const { body } = await call('GET', '/audit?sequenced=wait&limit=1', auditor);
  return body.items[0];
}

const MEASURED = Object.fromEntries(
  ['queue_ms', 'preprocessing_ms', 'inference_ms'].map((name) => [name, expect.any(Number) as number]),
);

describe('POST /infer › the main job [R-38] [R-42] [R-45] [R-46] [R-57] [R-10]', () => {
  it('answers, stores result and validation, and chains the audit entry', async () => {
    const answer = await infer(SAMPLE, 'image/png', clinician, '?patient_id=MRN-4711&study_date=2026-11-01');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: 'completed',
      prediction: { label: 'bright spot', index: 1, above_threshold: true },
      model: {
        model_name: 'demo-bright-spot',
        version: '1.0.0',
        status: 'production',
        intended_use: 'synthetic, not for clinical use',
      },
      validation: { is_valid: true },
      image: { width: 512, height: 512, format: 'png' },
      latency: MEASURED,
    });
    expect(answer.body.confidence_score).toBeCloseTo(answer.body.outputs.probabilities[0][1], 12);

    const detail = await call('GET', `/results/${answer.body.inference_id}`, clinician);
    expect(detail.status).toBe(200);
    expect(detail.body).toMatchObject({ ...answer.body, study_date: '2026-11-01' });
    expect(detail.body.patient_id).toMatch(/^[a-z2-7]{8}:[a-z2-7]{32}$/);

    const trail = await call(
      'GET',
      `/audit?sequenced=wait&object_id=${answer.body.inference_id}&action=inference.completed`,
      auditor,
    );
    expect(trail.body.items).toHaveLength(1);
    expect(trail.body.items[0]).toMatchObject({
      event_id: answer.headers.get('audit-event-id'),
      outcome: 'success',
      actor_role: 'clinician',
    });
    expect((await call('GET', '/audit/verify', auditor)).body).toMatchObject({ valid: true, problem: null });

    const found = await call('GET', '/results?patient_id=MRN-4711', clinician);
    expect(found.body).toMatchObject({ total: 1, page: 1, total_pages: 1 });
  });

  it('gives the same numbers for the same image as base64, as a file part and as the body', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(SAMPLE)]), 'x.png');
    const response = await fetch(`${running.url}/infer`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${clinician}` },
      body: form,
    });
    const multipart = (await response.json()) as { outputs: unknown };
    const json = await infer(JSON.stringify({ image: SAMPLE.toString('base64') }), 'application/json');
    const body = await infer(SAMPLE, 'image/png');
    expect(json.body.outputs).toEqual(body.body.outputs);
    expect(multipart.outputs).toEqual(body.body.outputs);
  });

  it('gives the same numbers for `data` as for float32', async () => {
    const values = Float32Array.from({ length: 64 * 64 }, (_, i) => ((i * 37) % 97) / 97);
    const data = await infer(JSON.stringify({ data: Array.from(values) }), 'application/json');
    const float32 = await infer(
      new Uint8Array(values.buffer),
      'application/octet-stream',
      clinician,
      '?width=64&height=64',
    );
    expect(data.status).toBe(200);
    expect(data.body.outputs).toEqual(float32.body.outputs);
    expect(data.body.image.hash).toBe(float32.body.image.hash);
  });

  it('stores nothing when the audit entry cannot be written [R-30]', async () => {
    const before = [await count('inference_results'), await count('validation_results')];
    await running.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    const answer = await infer(SAMPLE, 'image/png');
    await running.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
    expect(answer).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE', category: 'DATABASE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect([await count('inference_results'), await count('validation_results')]).toEqual(before);
  });
});

const square = (side: number): string =>
  JSON.stringify({ data: Array.from({ length: side * side }, () => 0.5) });
const numbers = (text: string): string => `{"width":64,"height":64,"data":[${text}]}`;
const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';

describe('POST /infer › bad input [R-01] [R-03] [R-06] [R-14]', () => {
  it.each<[string, string | Uint8Array, string, number, string]>([
    ['malformed JSON', '{"data":[1', 'application/json', 400, 'REQUEST_MALFORMED_JSON'],
    ['an empty body', '{}', 'application/json', 400, 'IMAGE_EMPTY'],
    ['an unknown field', '{"data":[0],"colour":1}', 'application/json', 400, 'VALIDATION_FAILED'],
    ['data of the wrong length', numbers('0.1,0.2'), 'application/json', 422, 'IMAGE_DATA_LENGTH'],
    ['NaN', numbers('NaN'), 'application/json', 400, 'REQUEST_MALFORMED_JSON'],
    ['1e999', numbers(Array(4096).fill('1e999').join()), 'application/json', 400, 'IMAGE_DATA_NOT_FINITE'],
    ['a 1x1 image', square(1), 'application/json', 422, 'IMAGE_DIMENSIONS_OUT_OF_BOUNDS'],
    [
      'a 5000x5000 image',
      '{"width":5000,"height":5000,"data":[0]}',
      'application/json',
      422,
      'IMAGE_DIMENSIONS_OUT_OF_BOUNDS',
    ],
    ['a truncated PNG', SAMPLE.subarray(0, 9000), 'image/png', 422, 'IMAGE_CORRUPT'],
    ['a text file called .png', 'just text', 'image/png', 415, 'IMAGE_FORMAT_UNSUPPORTED'],
    ['another content type', 'x', 'text/plain', 415, 'REQUEST_MEDIA_TYPE_UNSUPPORTED'],
    [
      'an unknown model',
      `{"data":[0],"model_id":"${UNKNOWN_ID}"}`,
      'application/json',
      404,
      'MODEL_NOT_FOUND',
    ],
  ])(
    'refuses %s, stores only the entry of the refusal, and lives',
    async (_name, body, type, status, code) => {
      const stored = await count('inference_results');
      const answer = await infer(body, type);
      expect(answer).toMatchObject({ status, body: { status, code } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body.instance).toBe(answer.headers.get('x-request-id'));
      expect(await count('inference_results')).toBe(stored);
      const { body: trail } = await call(
        'GET',
        '/audit?sequenced=wait&limit=1&action=inference.failed',
        auditor,
      );
      expect(trail.items[0]).toMatchObject({
        outcome: 'refused',
        reason: code,
        request_id: answer.body.instance,
        details: { http_status: status },
      });
      expect((await call('GET', '/health/live')).status).toBe(200);
    },
  );
});

describe('POST /infer › quality policy reject [R-05]', () => {
  it('stores the image as failed with its checks and one audit entry, and does not run the model', async () => {
    const version = await running.installDemoModel({
      name: 'demo-strict',
      version: '2.0.0',
      policy: 'reject',
    });
    const black = new Uint8Array(new Float32Array(64 * 64).buffer);
    const query = `?width=64&height=64&model_id=${version.id}`;
    const answer = await infer(black, 'application/octet-stream', clinician, query);
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'IMAGE_QUALITY_REJECTED', category: 'BUSINESS_LOGIC' },
    });
    expect(answer.body.errors.length).toBeGreaterThan(0);

    const { body: stored } = await call('GET', `/results?model_id=${version.id}&is_valid=false`, clinician);
    expect(stored).toMatchObject({ total: 1, items: [{ status: 'failed', confidence_score: null }] });
    const id = stored.items[0].inference_id;
    const { body: detail } = await call('GET', `/results/${id}`, clinician);
    expect(detail).toMatchObject({ outputs: null, prediction: null, validation: { is_valid: false } });
    const { body: trail } = await call(
      'GET',
      `/audit?sequenced=wait&object_id=${id}&action=inference.failed`,
      auditor,
    );
    expect(trail.items).toMatchObject([{ outcome: 'refused', reason: 'IMAGE_QUALITY_REJECTED' }]);

    expect(await infer(SAMPLE, 'image/png')).toMatchObject({
      status: 409,
      body: { code: 'MODEL_NOT_SELECTED' },
    });
    await running.dataSource.query(`UPDATE model_versions SET status = 'deprecated' WHERE id = $1`, [
      version.id,
    ]);
    expect(await infer(black, 'application/octet-stream', clinician, query)).toMatchObject({
      status: 409,
      body: { code: 'MODEL_NOT_ACTIVE' },
    });
  });
});

describe('X-Request-Id [R-07]', () => {
  it('is taken when well-formed, replaced when not, and returned', async () => {
    const idFor = async (offered: string): Promise<string | null> =>
      (await fetch(`${running.url}/version`, { headers: { 'X-Request-Id': offered } })).headers.get(
        'x-request-id',
      );
    expect(await idFor('ris-2026-11-24.0001')).toBe('ris-2026-11-24.0001');
    expect(await idFor('"; drop table')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('GET /docs [R-61]', () => {
  it('shows every route of the router, the version of the product and every error code', async () => {
    const { body } = await call('GET', '/docs/openapi.json');
    const { version } = (await call('GET', '/version')).body;
    expect(body.info.version).toBe(version);
    expect(routesOf(body).sort()).toEqual(registeredRoutes().sort());
    const errors = await (await fetch(`${running.url}/docs/errors`)).text();
    expect(errors).toContain('Authorization: Bearer &lt;access_token');
  });

  it('says of every route what it does and that it may answer with a problem, under a tag that is described', async () => {
    const { tags, paths } = (await call('GET', '/docs/openapi.json')).body as OpenAPIObject;
    const described = tags!.map(({ name }) => name);
    const operations = Object.values(paths).flatMap((path) => Object.values(path) as Operation[]);
    const lacking = operations.filter(
      ({ summary, tags: [tag] = [], responses }) =>
        !summary || !described.includes(tag!) || !responses['4XX'] || !responses['5XX'],
    );
    expect(lacking.map(({ operationId }) => operationId)).toEqual([]);
  });
});

describe('texts that cannot be stored or would reach a prototype', () => {
  it.each([
    ['POST', '/auth/login', '{"username":"a\\u0000b","password":"b"}'],
    ['POST', '/auth/login', '{"username":"a\\ud800","password":"b"}'],
    ['POST', '/auth/login', '{"__proto__":{"role":"admin"},"username":"a","password":"b"}'],
    ['GET', '/models?model_name=a%00b', undefined],
    ['GET', '/results?patient_id=a%00b', undefined],
  ])('%s %s › 400, never 500', async (method, path, body) => {
    expect(await call(method, path, clinician, body)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });
});

describe('who may what [R-48] [R-49] [R-50]', () => {
  it('GET /admin/secure › 401 without a token, with a wrong one; 403 for a clinician; 200 for an admin', async () => {
    expect(await call('GET', '/admin/secure')).toMatchObject({
      status: 401,
      body: { code: 'AUTH_REQUIRED' },
    });
    expect(await call('GET', '/admin/secure', 'x.y.z')).toMatchObject({
      status: 401,
      body: { code: 'AUTH_TOKEN_INVALID' },
    });
    expect(await call('GET', '/admin/secure', clinician)).toMatchObject({
      status: 403,
      body: { code: 'AUTH_FORBIDDEN' },
    });
    expect(await newestEntry()).toMatchObject({
      action: 'auth.refused',
      reason: 'AUTH_FORBIDDEN',
      details: { http_status: 403 },
    });
    expect((await call('GET', '/admin/secure', await running.token('admin'))).status).toBe(200);
  });

  it('POST /auth/logout › the token is refused from then on', async () => {
    const token = await running.token('viewer');
    expect((await call('GET', '/auth/me', token)).body).toMatchObject({
      username: 'viewer',
      password_change_required: false,
    });
    expect((await call('POST', '/auth/logout', token)).status).toBe(200);
    expect(await call('GET', '/auth/me', token)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_TOKEN_INVALID' },
    });
  });

  it('POST /users › 201, the account logs in and must change its password; a taken name is 409', async () => {
    const admin = await running.token('admin');
    const account = {
      username: 'Nurse.One',
      email: 'nurse@example.org',
      password: PASSWORD,
      role: 'viewer',
      full_name: 'Nurse One',
    };
    expect(await call('POST', '/users', admin, JSON.stringify(account))).toMatchObject({
      status: 201,
      body: { username: 'nurse.one', password_change_required: true },
    });
    expect(await call('POST', '/users', admin, JSON.stringify(account))).toMatchObject({
      status: 409,
      body: { code: 'USER_ALREADY_EXISTS' },
    });
    expect(
      await call('POST', '/users', admin, JSON.stringify({ ...account, is_active: false })),
    ).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ field: 'is_active' }] } });
    expect(
      (
        await call(
          'POST',
          '/auth/login',
          undefined,
          JSON.stringify({ username: 'nurse.one', password: PASSWORD }),
        )
      ).status,
    ).toBe(200);
  });

  it('POST /auth/login › locks after five failures; the right password then gets the same answer [R-51]', async () => {
    const attempt = (password: string): Promise<Answer> =>
      call('POST', '/auth/login', undefined, JSON.stringify({ username: 'model_manager', password }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => attempt('a wrong password, long')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(401));
    expect(await attempt(PASSWORD)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_INVALID_CREDENTIALS' },
    });
    const [user] = await running.dataSource.query(
      "SELECT failed_login_attempts, locked_until > now() AS locked FROM users WHERE username = 'model_manager'",
    );
    expect(user).toEqual({ failed_login_attempts: 5, locked: true });
  });

  it('GET /results › an integration sees only its own; a foreign id is as unknown as any other', async () => {
    const { body } = await infer(SAMPLE, 'image/png');
    const integration = await running.token('integration');
    expect((await call('GET', '/results', integration)).body).toMatchObject({ total: 0, items: [] });
    expect(await call('GET', `/results/${body.inference_id}`, integration)).toMatchObject({
      status: 404,
      body: { code: 'RESULT_NOT_FOUND' },
    });
    expect(await call('GET', `/results/${UNKNOWN_ID}`, integration)).toMatchObject({
      status: 404,
      body: { code: 'RESULT_NOT_FOUND' },
    });
    expect(await call('GET', '/results?page=1000', clinician)).toMatchObject({
      status: 404,
      body: { code: 'PAGE_NOT_FOUND' },
    });
    expect(await call('GET', '/results?page=0x10', clinician)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  it('GET /models › lists what is registered', async () => {
    const { body } = await call('GET', '/models?status=production', clinician);
    expect(body).toMatchObject({
      total: 1,
      skip: 0,
      limit: 10,
      items: [{ model_name: 'demo-bright-spot', input_shape: ['batch', 1, 128, 128] }],
    });
    expect((await call('GET', `/models/${body.items[0].model_id}`, clinician)).body.model_id).toBe(
      body.items[0].model_id,
    );
    expect(await call('GET', `/models/${UNKNOWN_ID}`, clinician)).toMatchObject({
      status: 404,
      body: { code: 'MODEL_NOT_FOUND' },
    });
  });
});

describe('the audit trail [R-09] [R-10]', () => {
  it('GET /audit/{event_id}?format=fhir › the entry as an R4 AuditEvent [R-11]', async () => {
    const { event_id, occurred_at: recorded } = await newestEntry();
    const answer = await call('GET', `/audit/${String(event_id)}?format=fhir`, auditor);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('application/fhir+json');
    expect(answer.body).toMatchObject({ resourceType: 'AuditEvent', id: event_id, recorded });
    expect(await call('GET', `/audit/${String(event_id)}?format=hl7`, auditor)).toMatchObject({
      status: 400,
    });
  });

  it('refuses UPDATE, DELETE and TRUNCATE, even to a superuser', async () => {
    await newestEntry();
    for (const sql of [
      "UPDATE audit_logs SET canonical = '{}'",
      'DELETE FROM audit_logs',
      'TRUNCATE audit_logs',
      "UPDATE audit_inbox SET canonical = '{}'",
    ]) {
      await expect(running.dataSource.query(sql)).rejects.toThrow('append-only');
    }
  });

  it('GET /audit/verify › names the first entry that was altered behind the triggers, and a gap', async () => {
    await newestEntry();
    const tamper = async (sql: string): Promise<unknown> => {
      await withoutTriggers(running.dataSource, [sql]);
      return (await call('GET', '/audit/verify', auditor)).body.problem;
    };
    const misfile = `UPDATE audit_logs SET actor_id = 'nobody' WHERE seq = 4`;
    expect(await tamper(misfile)).toMatchObject({ class: 'altered', seq: '4' });
    const refile = `UPDATE audit_logs SET actor_id = canonical::jsonb ->> 'actor_id' WHERE seq = 4`;
    expect(await tamper(refile)).toBeNull();
    const [row] = await running.dataSource.query<[{ canonical: string }]>(
      'SELECT canonical FROM audit_logs WHERE seq = 3',
    );
    const forged = row.canonical.replace('"success"', '"refused"');
    expect(await tamper(`UPDATE audit_logs SET canonical = '${forged}' WHERE seq = 3`)).toMatchObject({
      class: 'altered',
      seq: '3',
    });
    expect(await tamper('DELETE FROM audit_logs WHERE seq = 2')).toMatchObject({ class: 'gap', seq: '2' });
  });
});

function routesOf(document: { paths: Record<string, object> }): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** What Express really serves, the documentation itself aside. */
function registeredRoutes(): string[] {
  interface Layer {
    readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
  }
  const { router } = running.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
  return router.stack
    .flatMap(({ route }) => (route ? [route] : []))
    .filter(({ path }) => typeof path === 'string' && !path.startsWith('/docs'))
    .flatMap(({ path, methods }) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
}
