import { randomUUID } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from 'pg';
import { createApp } from '../../src/app.setup';
import { loadConfiguration } from '../../src/config/configuration';
import { IdempotencyKeys } from '../../src/inference/idempotency/idempotency-keys.service';
import { imageText } from '../harness/batch-client';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
/** Another replica on the same database. */
let replica: NestExpressApplication;
let replicaUrl: string;
let clinician: string;

beforeAll(async () => {
  running = await startApp({ DEFAULT_MODEL: 'demo-bright-spot' });
  replica = await createApp(
    loadConfiguration({
      DATA_DIR: running.dataDir,
      ENGINE_PROCESSES: '1',
      DEFAULT_MODEL: 'demo-bright-spot',
    }),
    running.databaseUrls,
    false,
  );
  await replica.listen(0, '127.0.0.1');
  replicaUrl = await replica.getUrl();
  clinician = await running.token('clinician');
});
afterAll(async () => {
  await replica.close();
  await running.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

interface Sending {
  readonly key: string;
  readonly body?: RequestInit['body'];
  readonly type?: string | null;
  readonly token?: string;
  readonly path?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
}

const PNG = new Uint8Array(SAMPLE);
const IMAGE = JSON.stringify({ image: SAMPLE.toString('base64') });
const BATCH = `{"images":[${imageText(0.5)},${IMAGE},{"width":1}]}`;

async function send({ key, ...sending }: Sending): Promise<Answer> {
  const { body = PNG, type = 'image/png', token = clinician, path = '/infer', url = running.url } = sending;
  const headers = { Authorization: `Bearer ${token}`, 'Idempotency-Key': key, ...sending.headers };
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { ...headers, ...(type !== null && { 'Content-Type': type }) },
    body,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

const sendBatch = (sending: Sending): Promise<Answer> =>
  send({ body: BATCH, type: 'application/json', path: '/infer/batch', ...sending });

function form(...values: number[]): FormData {
  const data = new FormData();
  data.set('width', '64');
  data.set('height', '64');
  for (const value of values) data.append('file', new Blob([new Float32Array(64 * 64).fill(value)]));
  return data;
}

async function sql<Row>(text: string, ...parameters: unknown[]): Promise<Row> {
  const [row] = await running.dataSource.query<[Row]>(text, parameters);
  return row;
}

const resultCount = async (): Promise<number> =>
  (await sql<{ count: number }>('SELECT count(*)::int FROM inference_results')).count;

/** What the trail says of an object, but that it takes long where it does. */
async function actionsOn(id: string): Promise<string[]> {
  const { actions } = await sql<{ actions: string[] }>(
    `SELECT coalesce(array_agg(entry ->> 'action' ORDER BY entry ->> 'occurred_at'), '{}') AS actions
     FROM (SELECT canonical::jsonb AS entry FROM audit_logs UNION SELECT canonical::jsonb FROM audit_inbox) AS entries
     WHERE entry ->> 'object_id' = $1 AND entry ->> 'action' <> 'inference.requested'`,
    id,
  );
  return actions;
}

/** Nothing is stored in `table` while `during` runs. */
async function holding(table: string, during: (ready: () => Promise<void>) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: running.database.url });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
    await during(async () => void (await client.query('COMMIT')));
  } finally {
    await client.end();
  }
}

/** Waits until so many statements wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const row = await sql<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (row.count >= count) return;
  }
}

const endLeases = (): Promise<unknown> =>
  running.dataSource.query("UPDATE idempotency_keys SET leased_until = now() - interval '1 second'");

describe('POST /infer with an Idempotency-Key', () => {
  it.each<[string, Omit<Sending, 'key'>]>([
    ['a PNG', { path: '/infer?patient_id=MRN-1&study_date=2026-11-01' }],
    ['JSON', { body: imageText(0.3, { patient_id: 'MRN-1' }), type: 'application/json' }],
  ])('%s: sent again, to any replica, it gives the same bytes and stores nothing', async (_, sending) => {
    const key = `"${randomUUID()}"`;
    const first = await send({ key, ...sending });
    expect(first.status).toBe(200);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const count = await resultCount();
    for (const url of [running.url, replicaUrl]) {
      const again = await send({ key, url, ...sending });
      expect(again).toMatchObject({ status: 200, text: first.text });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
    expect(await resultCount()).toBe(count);
    expect(await actionsOn(first.body.inference_id)).toEqual([
      'inference.completed',
      'inference.replayed',
      'inference.replayed',
    ]);
  });

  it('a multipart body is the same although its boundary is another', async () => {
    const key = randomUUID();
    const first = await send({ key, body: form(0.4), type: null });
    expect(first.status).toBe(200);
    expect(await send({ key, body: form(0.4), type: null })).toMatchObject({ status: 200, text: first.text });
    expect(await send({ key, body: form(0.5), type: null })).toMatchObject({ status: 422 });
  });

  it('quotes are no part of the key', async () => {
    const key = randomUUID();
    const first = await send({ key });
    expect((await send({ key: `"${key}"` })).text).toBe(first.text);
  });

  it('another body, or other parameters, is 422 and is not run', async () => {
    const key = randomUUID();
    await send({ key });
    const count = await resultCount();
    const refused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await send({ key, path: '/infer?patient_id=MRN-2' })).toMatchObject(refused);
    expect(await send({ key, body: imageText(0.3), type: 'application/json' })).toMatchObject(refused);
    expect(await send({ key, type: 'image/jpeg' })).toMatchObject(refused);
    expect(await resultCount()).toBe(count);
  });

  it('is of one account and one route', async () => {
    const key = randomUUID();
    const own = await send({ key });
    const others = await send({
      key,
      token: await running.token('integration'),
      body: imageText(0.2),
      type: 'application/json',
    });
    expect(others.status).toBe(200);
    expect(others.body.inference_id).not.toBe(own.body.inference_id);
    expect((await sendBatch({ key })).status).toBe(200);
  });

  it.each(['""', 'a b', '"a", "b"', 'k'.repeat(256), 'schl\u00fcssel'])(
    '%s is refused with 400',
    async (key) => {
      expect(await send({ key })).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY_KEY_MALFORMED' } });
    },
  );

  it('50 at a time, on two replicas: the model runs once', async () => {
    const key = randomUUID();
    const count = await resultCount();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => send({ key, url: i % 2 ? running.url : replicaUrl })),
    );
    const given = answers.filter(({ status }) => status === 200);
    expect(given.length).toBeGreaterThan(0);
    expect(new Set(given.map(({ text }) => text)).size).toBe(1);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, headers, body } of refused) {
      expect({ status, code: body.code, retryAfter: headers.get('retry-after') }).toEqual({
        status: 409,
        code: 'IDEMPOTENCY_KEY_IN_USE',
        retryAfter: '1',
      });
    }
    expect(await resultCount()).toBe(count + 1);
    const actions = await actionsOn(given[0]!.body.inference_id);
    expect(actions.filter((action) => action === 'inference.completed')).toHaveLength(1);
  });

  it('a lease that ends while its holder still works: both work, one result is stored, both get it', async () => {
    const key = randomUUID();
    const count = await resultCount();
    let answers: Promise<Answer>[] = [];
    await holding('inference_results', async (release) => {
      answers = [send({ key })];
      await untilWaiting(1);
      expect(await send({ key, url: replicaUrl })).toMatchObject({ status: 409 });
      await endLeases();
      answers.push(send({ key, url: replicaUrl }));
      await untilWaiting(2);
      await release();
    });
    const [first, second] = await Promise.all(answers);
    expect([first!.status, second!.status]).toEqual([200, 200]);
    expect(first!.text).toBe(second!.text);
    expect(await resultCount()).toBe(count + 1);
    expect((await actionsOn(first!.body.inference_id)).toSorted()).toEqual([
      'inference.completed',
      'inference.replayed',
    ]);
  });

  it('an image that the quality policy refuses: the refusal is the answer, and is given again', async () => {
    const { id } = await running.installDemoModel({ name: 'strict', version: '1.0.0', policy: 'reject' });
    const sending = { key: randomUUID(), body: imageText(0.5, { model_id: id }), type: 'application/json' };
    const first = await send(sending);
    expect(first).toMatchObject({ status: 422, body: { code: 'IMAGE_QUALITY_REJECTED' } });
    const count = await resultCount();
    const again = await send(sending);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect({ ...again.body, instance: null }).toEqual({ ...first.body, instance: null });
    expect(again.body.instance).toBe(again.headers.get('x-request-id'));
    expect(await resultCount()).toBe(count);
    const [stored] = /[0-9a-f-]{36}/.exec(first.body.detail)!;
    expect(await actionsOn(stored)).toEqual(['inference.failed', 'inference.replayed']);
  });

  it('what is refused before anything is stored leaves the key free, also for a corrected request', async () => {
    const key = randomUUID();
    expect(await send({ key, path: '/infer?study_date=x' })).toMatchObject({ status: 400 });
    expect(await send({ key, body: new Uint8Array(SAMPLE.subarray(0, 100)) })).toMatchObject({ status: 422 });
    expect(await send({ key })).toMatchObject({ status: 200 });
  });

  it('503 is not an answer: the next try works, under the same id', async () => {
    const key = randomUUID();
    const count = await resultCount();
    await running.dataSource.query(
      'REVOKE INSERT (event_id, canonical) ON audit_inbox FROM medai_application',
    );
    try {
      expect(await send({ key })).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
    } finally {
      await running.dataSource.query(
        'GRANT INSERT (event_id, canonical) ON audit_inbox TO medai_application',
      );
    }
    expect(await resultCount()).toBe(count);
    const { object_id } = await sql<{ object_id: string }>(
      'SELECT object_id FROM idempotency_keys ORDER BY expires_at DESC LIMIT 1',
    );
    expect(await send({ key })).toMatchObject({ status: 200, body: { inference_id: object_id } });
    expect(await resultCount()).toBe(count + 1);
  });

  it('a review since then has changed the result, not the answer', async () => {
    const key = randomUUID();
    const first = await send({ key });
    const review = await fetch(`${running.url}/results/${first.body.inference_id}/review`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${clinician}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ decision: 'reviewed', comments: 'seen' }),
    });
    expect(review.ok).toBe(true);
    expect((await send({ key })).text).toBe(first.text);
  });

  it('lives for 24 hours; then it is free, and cleaned away', async () => {
    const key = randomUUID();
    await send({ key });
    const { hours } = await sql<{ hours: number }>(
      'SELECT round(extract(epoch FROM max(expires_at) - now()) / 3600)::int AS hours FROM idempotency_keys',
    );
    expect(hours).toBe(24);
    await running.dataSource.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'");
    const other = await send({ key, body: imageText(0.3), type: 'application/json' });
    expect(other).toMatchObject({ status: 200 });
    await running.app.get(IdempotencyKeys).clean();
    expect(await sql('SELECT count(*)::int FROM idempotency_keys')).toEqual({ count: 1 });
    expect((await send({ key, body: imageText(0.3), type: 'application/json' })).text).toBe(other.text);
  });

  it('the key itself is stored nowhere', async () => {
    const key = 'MRN-4711-Mustermann';
    await send({ key });
    const { found } = await sql<{ found: number }>(
      `SELECT count(*)::int AS found FROM idempotency_keys k WHERE k::text LIKE '%' || $1 || '%'
         OR k::text LIKE '%' || encode($1::bytea, 'hex') || '%'`,
      key,
    );
    expect(found).toBe(0);
  });
});

describe('POST /infer/batch with an Idempotency-Key', () => {
  it('answered at once: sent again it gives the same bytes and stores nothing', async () => {
    const key = randomUUID();
    const first = await sendBatch({ key });
    expect(first).toMatchObject({
      status: 200,
      body: { status: 'partial_failure', successful: 2, failed: 1 },
    });
    const count = await resultCount();
    const again = await sendBatch({ key, url: replicaUrl });
    expect(again).toMatchObject({ status: 200, text: first.text });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await resultCount()).toBe(count);
    expect(await actionsOn(first.body.batch_id)).toEqual([
      'batch.completed',
      'batch.submitted',
      'batch.replayed',
    ]);
    expect(await sendBatch({ key, body: `{"images":[${IMAGE}]}` })).toMatchObject({ status: 422 });
  });

  it('answered later: sent again it is not queued again, and the preference is part of the request', async () => {
    const sending = { key: randomUUID(), headers: { Prefer: 'respond-async' } };
    const first = await sendBatch(sending);
    expect(first).toMatchObject({ status: 202, body: { status: 'queued', total_images: 3 } });
    const location = first.headers.get('location')!;
    for (;;) {
      const response = await fetch(`${running.url}${location}`, {
        headers: { Authorization: `Bearer ${clinician}` },
      });
      if (((await response.json()) as { finished_at: string | null }).finished_at !== null) break;
    }
    const again = await sendBatch({ ...sending, url: replicaUrl });
    expect(again).toMatchObject({ status: 202, text: first.text });
    expect(again.headers.get('location')).toBe(location);
    expect(
      await sql('SELECT count(*)::int FROM inference_batch_items WHERE batch_id = $1', first.body.batch_id),
    ).toEqual({ count: 3 });
    expect(await sendBatch({ key: sending.key })).toMatchObject({ status: 422 });
  });

  it('multipart files are told apart by their bytes', async () => {
    const key = randomUUID();
    const first = await sendBatch({ key, body: form(0.1, 0.2), type: null });
    expect(first).toMatchObject({ status: 200, body: { total_images: 2 } });
    expect((await sendBatch({ key, body: form(0.1, 0.2), type: null })).text).toBe(first.text);
    expect(await sendBatch({ key, body: form(0.2, 0.1), type: null })).toMatchObject({ status: 422 });
  });

  it.each<Record<string, string>>([{}, { Prefer: 'respond-async' }])(
    '10 at a time: one batch (%j)',
    async (headers) => {
      const key = randomUUID();
      const before = await sql<{ count: number }>('SELECT count(*)::int FROM inference_batches');
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          sendBatch({ key, headers, url: i % 2 ? running.url : replicaUrl }),
        ),
      );
      expect(new Set(answers.filter(({ status }) => status < 300).map(({ text }) => text)).size).toBe(1);
      expect(answers.every(({ status }) => [200, 202, 409].includes(status))).toBe(true);
      expect(await sql('SELECT count(*)::int FROM inference_batches')).toEqual({ count: before.count + 1 });
    },
  );
});
