import { randomUUID } from 'node:crypto';
import { imageText } from '../harness/batch-client';
import { insertResultRows } from '../harness/result-rows';
import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { Statements } from '../harness/statements';

jest.setTimeout(60_000);

let running: RunningApp;
let statements: Statements;
const tokens = new Map<string, string>();

beforeAll(async () => {
  statements = new Statements();
  running = await startApp({ BATCH_WORKERS: '0' });
  const [model] = await running.dataSource.query<[{ id: string }]>('SELECT id FROM model_versions');
  const [user] = await running.dataSource.query<[{ id: string }]>(
    "SELECT id FROM users WHERE username = 'clinician'",
  );
  await insertResultRows(running.dataSource, { count: 2_500, modelId: model.id, createdBy: user.id });
  for (const role of ['clinician', 'auditor'] as const) tokens.set(role, await running.token(role));
  // what is read once: accounts and model versions
  await send('POST', '/infer', { body: new Uint8Array(SAMPLE), type: 'image/png' });
  await send('GET', '/audit', { role: 'auditor' });
});
afterAll(async () => {
  statements.stop();
  await running.stop();
});

interface Sending {
  readonly role?: 'clinician' | 'auditor';
  readonly body?: RequestInit['body'];
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

/** @returns the first words of every statement that the request has sent, and its answer */
async function send(
  method: string,
  path: string,
  sending: Sending = {},
): Promise<{ sql: string[]; text: string }> {
  const { role = 'clinician', body, type, headers } = sending;
  const requestId = randomUUID();
  const response = await fetch(running.url + path, {
    method,
    headers: {
      Authorization: `Bearer ${tokens.get(role)}`,
      'X-Request-Id': requestId,
      ...(type !== undefined && { 'Content-Type': type }),
      ...headers,
    },
    body,
  });
  const text = await response.text();
  expect([response.status, response.ok ? '' : text]).toEqual([expect.any(Number), '']);
  return { sql: statements.of(requestId).map(subjectOf), text };
}

/** `SELECT inference_results`, `INSERT inference_results, audit_inbox`, `COMMIT`. */
function subjectOf(statement: string): string {
  const written = [...statement.matchAll(/\bINSERT INTO "?(\w+)/g)].map(([, table]) => table);
  if (written.length > 0) return `INSERT ${[...new Set(written)].join(', ')}`;
  let outermost = statement;
  while (/\([^()]*\)/.test(outermost)) outermost = outermost.replaceAll(/\([^()]*\)/g, '');
  const verb = outermost.split(/\s/, 1)[0]!.toUpperCase();
  if (verb === 'WITH') return verb;
  const [, table] = /\b(?:FROM|UPDATE) "?(\w+)/.exec(outermost) ?? [];
  return table === undefined ? verb : `${verb} ${table}`;
}

function form(...values: number[]): FormData {
  const data = new FormData();
  data.set('width', '64');
  data.set('height', '64');
  for (const value of values) data.append('file', new Blob([new Float32Array(64 * 64).fill(value)]));
  return data;
}

const json = (body: unknown): Sending => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  type: 'application/json',
});
const batchOf = (count: number): Sending => json(`{"images":[${Array(count).fill(imageText(0.5)).join()}]}`);

/** The guards look up the account, and nothing else. */
const CALLER = 'SELECT users';
const MODEL = 'SELECT model_versions';
const INFERENCE = [CALLER, MODEL, 'INSERT inference_results, validation_results, audit_inbox'];
const AUDIT = 'INSERT audit_inbox';
/** The attempt is reserved before the password is looked at. */
const PASSWORD_CHECK = ['WITH', 'UPDATE users'];

describe('statements to the database, request by request', () => {
  it.each<[string, string, () => Sending]>([
    [
      'PNG',
      '/infer?patient_id=1&study_date=2026-01-01',
      () => ({ body: new Uint8Array(SAMPLE), type: 'image/png' }),
    ],
    ['numbers', '/infer', () => json(imageText(0.5))],
    ['base64', '/infer', () => json({ image: SAMPLE.toString('base64') })],
    [
      'float32',
      '/infer?width=64&height=64',
      () => ({ body: new Float32Array(64 * 64).fill(0.5), type: 'application/octet-stream' }),
    ],
    ['multipart', '/infer', () => ({ body: form(0.5) })],
  ])('POST /infer, %s: the account, the model, and one that stores everything', async (_, path, sending) => {
    expect((await send('POST', path, sending())).sql).toEqual(INFERENCE);
  });

  it('an Idempotency-Key costs one more, and a replay no more than reading', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const sending = { body: new Uint8Array(SAMPLE), type: 'image/png', headers };
    const [caller, ...rest] = INFERENCE;
    expect((await send('POST', '/infer', sending)).sql).toEqual([caller, 'INSERT idempotency_keys', ...rest]);
    expect((await send('POST', '/infer', sending)).sql).toEqual([
      caller,
      'INSERT idempotency_keys',
      'SELECT idempotency_keys',
      'SELECT inference_results',
      'SELECT validation_results',
      MODEL,
      AUDIT,
    ]);
  });

  it.each([1, 2, 25])('POST /infer/batch of %i: as many as for one', async (count) => {
    expect((await send('POST', '/infer/batch', batchOf(count))).sql).toEqual([
      CALLER,
      MODEL,
      'INSERT inference_batches, inference_batch_items, inference_results, validation_results, audit_inbox',
    ]);
    const later = { ...batchOf(count), headers: { Prefer: 'respond-async' } };
    const { sql, text } = await send('POST', '/infer/batch', later);
    expect(sql).toEqual([
      CALLER,
      'START',
      'SELECT', // the account's turn
      'SELECT inference_batch_items',
      'INSERT inference_batches',
      'INSERT inference_batch_items',
      AUDIT,
      'COMMIT',
    ]);
    const { batch_id } = JSON.parse(text) as { batch_id: string };
    expect((await send('GET', `/infer/batch/${batch_id}`)).sql).toEqual([
      CALLER,
      'SELECT inference_batches',
      'SELECT inference_batch_items',
      'SELECT inference_results',
      'SELECT validation_results',
      MODEL,
      AUDIT,
    ]);
  });

  it.each([1, 100])('GET /results of %i: a count and a page, or a page alone', async (size) => {
    const page = 'SELECT inference_results';
    expect((await send('GET', `/results?page_size=${size}`)).sql).toEqual([CALLER, page, page, AUDIT]);
    expect((await send('GET', `/results?page_size=${size}&cursor=`)).sql).toEqual([CALLER, page, AUDIT]);
  });

  it('GET /results/{inference_id} and its reviews', async () => {
    const { text } = await send('GET', '/results?page_size=1');
    const id = (JSON.parse(text) as { items: [{ inference_id: string }] }).items[0].inference_id;
    const detail = [
      CALLER,
      'SELECT inference_results',
      'SELECT validation_results',
      'SELECT audit_logs',
      MODEL,
      'SELECT result_reviews',
      AUDIT,
    ];
    expect((await send('GET', `/results/${id}`)).sql).toEqual(detail);
    const reviewed = json({ decision: 'reviewed', comments: 'seen' });
    const review = [
      'START',
      'SELECT inference_results',
      'INSERT result_reviews',
      'UPDATE inference_results',
      AUDIT,
      'COMMIT',
    ];
    expect((await send('POST', `/results/${id}/review`, reviewed)).sql).toEqual([CALLER, ...review]);
    const approved = json({ decision: 'approved', password: PASSWORD });
    expect((await send('POST', `/results/${id}/review`, approved)).sql).toEqual([
      CALLER,
      ...PASSWORD_CHECK,
      'SELECT users',
      ...review.toSpliced(2, 0, 'INSERT electronic_signatures'),
    ]);
    detail.splice(-1, 0, 'SELECT electronic_signatures');
    expect((await send('GET', `/results/${id}`)).sql).toEqual(detail);
  });

  it('GET /results/export: one for five hundred results, and the entry that names them', async () => {
    expect((await send('GET', '/results/export')).sql).toEqual([
      CALLER,
      AUDIT,
      'SELECT',
      ...Array.from({ length: 6 }, () => ['SELECT inference_results', AUDIT]).flat(),
      AUDIT,
    ]);
  });

  it('what every other route costs: its caller and its entry', async () => {
    const audit = await send('GET', '/audit?limit=100', { role: 'auditor' });
    expect(audit.sql).toEqual([CALLER, 'SELECT audit_logs', 'SELECT audit_archives', AUDIT]);
    expect((await send('GET', '/models')).sql).toEqual([CALLER, MODEL, 'SELECT unnest', MODEL, AUDIT]);
    expect((await send('GET', '/auth/me')).sql).toEqual([CALLER, 'SELECT users', AUDIT]);
  });

  it('POST /auth/login', async () => {
    const login = await send('POST', '/auth/login', json({ username: 'viewer', password: PASSWORD }));
    expect(login.sql).toEqual([
      ...PASSWORD_CHECK,
      'START',
      'SELECT users',
      'SELECT users',
      'UPDATE users',
      'INSERT refresh_tokens',
      AUDIT,
      'COMMIT',
    ]);
  });
});
