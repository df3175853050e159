import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Answer, BatchClient, imageText } from '../harness/batch-client';
import { fixtureFile } from '../fixtures/models/models';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { InferenceEngine } from '../../src/inference/engine/inference-engine';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

let running: RunningApp;
let clinician: BatchClient;
let integration: BatchClient;
let auditor: BatchClient;
const models: Record<string, string> = {};

beforeAll(async () => {
  running = await startApp({
    ENGINE_PROCESSES: '2',
    INFERENCE_DEADLINE_SECONDS: '3',
    DEFAULT_MODEL: 'quarters',
  });
  models['quarters'] = (await running.installFixture('quarters')).id;
  models['endless'] = (await running.installFixture('endless-run')).id;
  models['echo'] = (await running.installFixture('echo')).id;
  models['crashing'] = (await running.installFixture('memory-bomb', hugeBomb())).id;
  const client = async (role: 'clinician' | 'integration' | 'auditor'): Promise<BatchClient> =>
    new BatchClient(running.url, await running.token(role));
  [clinician, integration, auditor] = [
    await client('clinician'),
    await client('integration'),
    await client('auditor'),
  ];
});
afterAll(() => running.stop());

/** The bomb of the fixtures, but it asks for 256 GiB instead of 2, which no process is given. */
function hugeBomb(): string {
  const bytes = readFileSync(fixtureFile('memory-bomb'));
  const [asked, huge] = [Buffer.alloc(8), Buffer.alloc(8)];
  asked.writeBigInt64LE(2n ** 29n);
  huge.writeBigInt64LE(2n ** 36n);
  huge.copy(bytes, bytes.indexOf(asked));
  const file = join(temporaryDirectory(), 'huge-bomb.onnx');
  writeFileSync(file, bytes);
  return file;
}

async function count(sql: string): Promise<number> {
  const [row] = await running.dataSource.query<[{ count: number }]>(`SELECT count(*)::int ${sql}`);
  return row.count;
}

const entries = async (query: string): Promise<Answer['body'][]> =>
  (await auditor.get(`/audit?sequenced=wait&limit=100&${query}`)).body.items;

/** An image by whose answer it is known again. */
const numbered = (n: number, fields: object = {}): string => imageText(n / 1000, fields);
const meanOf = (result: Answer['body']): number => Math.round(result.outputs.scores[0][0] * 1000);
const many = <T>(length: number, make: (n: number) => T): T[] => Array.from({ length }, (_, n) => make(n));

describe('POST /infer/batch › answered at once [R-39]', () => {
  it('100 images with one corrupt, one too slow and one that kills its process: 97 answers and three typed errors', async () => {
    const images = many(100, (n) => numbered(n));
    images[7] = '{"image":"iVBORw0KGgo="}';
    images[9] = numbered(9, { model_id: models['endless'] });
    images[12] = numbered(12, { model_id: models['crashing'] });
    const { status, body } = await clinician.send(images);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total_images: 100,
      successful: 97,
      failed: 3,
      cancelled: 0,
      status: 'partial_failure',
      progress: { finished: 100, total: 100, fraction: 1 },
    });
    const told = body.results.map((result: Answer['body']) => result.error?.code ?? meanOf(result));
    const wanted: unknown[] = many(100, (n) => n);
    [wanted[7], wanted[9], wanted[12]] = ['IMAGE_CORRUPT', 'ENGINE_TIMEOUT', 'ENGINE_CRASHED'];
    expect(told).toEqual(wanted);

    expect(await count(`FROM inference_results WHERE batch_id = '${body.batch_id}'`)).toBe(100);
    expect(
      await count(
        `FROM validation_results JOIN inference_results result ON result.id = inference_result_id WHERE batch_id = '${body.batch_id}'`,
      ),
    ).toBe(97);
    const ofItem = async (n: number): Promise<Answer['body'][]> =>
      (await entries(`object_id=${body.results[n].inference_id}`)).map(
        ({ action, outcome, reason, details }) => ({
          action,
          outcome,
          reason,
          batch: details.batch_id,
        }),
      );
    const batch = body.batch_id;
    expect(await ofItem(0)).toEqual([
      { action: 'inference.completed', outcome: 'success', reason: null, batch },
    ]);
    expect(await ofItem(7)).toEqual([
      { action: 'inference.failed', outcome: 'refused', reason: 'IMAGE_CORRUPT', batch },
    ]);
    expect(await ofItem(12)).toEqual([
      { action: 'inference.failed', outcome: 'failed', reason: 'ENGINE_CRASHED', batch },
    ]);
    const ofBatch = await entries(`object_id=${batch}`);
    expect(
      ofBatch
        .filter(({ action }) => action !== 'inference.requested') // of what takes longer than a second
        .map(({ action, details }) => [action, details.count]),
    ).toEqual([
      ['batch.completed', 100],
      ['batch.submitted', 100],
    ]);
    expect((await auditor.get('/audit/verify')).body).toMatchObject({ valid: true });

    const again = await clinician.get(`/infer/batch/${batch}`);
    expect(again.body).toEqual({ ...body, finished_at: again.body.finished_at });
  });

  it('an image whose outputs take more than its share of the answer fails alone', async () => {
    const side = 290;
    const large = JSON.stringify({
      model_id: models['echo'],
      width: side,
      height: side,
      data: Array(side ** 2).fill(0.5),
    });
    const told = async (images: string[], headers = {}): Promise<unknown[]> => {
      const { body } = await clinician.send(images, { headers });
      const { results } = await clinician.done(body.batch_id);
      return results.map(
        (result: Answer['body']) => result.error?.code ?? result.outputs.map?.[0][0].length ?? 1,
      );
    };
    const images = [large, ...many(99, numbered)];
    for (const headers of [{}, { Prefer: 'respond-async' }]) {
      expect(await told(images, headers)).toEqual(['BATCH_OUTPUT_TOO_LARGE', ...many(99, () => 1)]);
      expect(await told(images.slice(0, 2), headers)).toEqual([side, 1]);
    }
  });

  it('finds its results by batch_id, the failed among them', async () => {
    const { body } = await clinician.send([numbered(1, { patient_id: 'MRN-77' }), '{"image":"aaaa"}', '5']);
    const page = await clinician.get(`/results?batch_id=${body.batch_id}&page_size=100`);
    expect(page.body.total).toBe(3);
    const detail = async (n: number): Promise<Answer['body']> =>
      (await clinician.get(`/results/${body.results[n].inference_id}`)).body;
    expect(await detail(0)).toMatchObject({ batch_id: body.batch_id, status: 'completed', error: null });
    expect((await detail(0)).patient_id).toMatch(/^[a-z2-7]{8}:/);
    expect(await detail(1)).toMatchObject({
      batch_id: body.batch_id,
      status: 'failed',
      error: { code: 'IMAGE_FORMAT_UNSUPPORTED' },
      model: { model_name: 'quarters' },
      validation: null,
      image: null,
    });
    expect(await detail(2)).toMatchObject({
      status: 'failed',
      error: { code: 'VALIDATION_FAILED' },
      model: null,
    });
    const failed = await clinician.get(`/results?batch_id=${body.batch_id}&status=failed`);
    expect(failed.body.total).toBe(2);
  });

  it('takes files, with fields that hold for each of them, and float32 of the size that was named', async () => {
    const form = new FormData();
    form.append('priority', 'high');
    form.append('width', '64');
    form.append('height', '64');
    form.append('anatomical_region', 'chest');
    form.append('model_id', models['quarters']!);
    form.append('file', new Blob([new Float32Array(64 * 64).fill(0.25)]), 'a.raw');
    form.append('file', new Blob([new Uint8Array(SAMPLE)]), 'b.png');
    form.append('file', new Blob([]), 'c.png');
    const { status, body } = await clinician.call('POST', '/infer/batch', { body: form });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'partial_failure', priority: 'high', successful: 1, failed: 2 });
    expect(meanOf(body.results[0])).toBe(250);
    expect(body.results[1].error.code).toBe('MODEL_INPUT_INVALID'); // the demo's picture is 512 x 512
    expect(body.results[2].error.code).toBe('IMAGE_EMPTY');
  });

  it('says of each image by itself what is wrong with its fields, its model and its quality', async () => {
    const strict = await running.installDemoModel({ version: '2.0.0', policy: 'reject' });
    const { body } = await clinician.send([
      '{"data":[[1],[2]]}',
      numbered(1, { colour: 'red' }),
      numbered(1, { model_id: 'x' }),
      numbered(1, { model_id: '01900000-0000-7000-8000-000000000000' }),
      '{"data":[1,2,3]}',
      '{}',
      imageText(0, { model_id: strict.id }),
      'null',
    ]);
    expect(body).toMatchObject({ status: 'failed', successful: 0, failed: 8 });
    expect(body.results.map(({ error }: Answer['body']) => error.code)).toEqual([
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
      'MODEL_NOT_FOUND',
      'IMAGE_DIMENSIONS_REQUIRED',
      'IMAGE_EMPTY',
      'IMAGE_QUALITY_REJECTED',
      'VALIDATION_FAILED',
    ]);
    expect(body.results[1].error.errors).toEqual([{ field: 'colour', message: 'is not a known field' }]);
    expect(
      await count(`FROM inference_results WHERE batch_id = '${body.batch_id}' AND status = 'failed'`),
    ).toBe(8);
  });

  it('reads base64 whose slashes were escaped', async () => {
    const escaped = SAMPLE.toString('base64').replaceAll('/', '\\/').replaceAll('+', '\\u002B');
    const { body } = await clinician.send([`{"image":"${escaped}","model_id":"${await demoModelId()}"}`]);
    expect(body).toMatchObject({ status: 'completed', results: [{ prediction: { label: 'bright spot' } }] });
  });

  const demoModelId = async (): Promise<string> =>
    (await clinician.get('/models?model_name=demo-bright-spot')).body.items.at(-1).model_id;

  it('when a client with an Idempotency-Key goes away the batch goes on, and is there when it comes back', async () => {
    const images = [...many(3, (n) => numbered(n)), numbered(9, { model_id: models['endless'] })];
    const headers = { 'Idempotency-Key': 'a-batch-that-is-left' };
    const leaving = clinician.call('POST', '/infer/batch', {
      body: `{"images":[${images.join()}]}`,
      headers: { 'Content-Type': 'application/json', ...headers },
      signal: AbortSignal.timeout(1_000),
    });
    await expect(leaving).rejects.toThrow(/abort|timeout/i);
    let again = await clinician.send(images, { headers });
    while (again.status === 409) again = await clinician.send(images, { headers });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body.results.map((result: Answer['body']) => result.error?.code ?? meanOf(result))).toEqual([
      0,
      1,
      2,
      'ENGINE_TIMEOUT',
    ]);
  });

  it('works on two batches at the same time [R-41]', async () => {
    const [first, second] = await Promise.all([
      clinician.send(many(30, (n) => numbered(n))),
      integration.send(many(30, (n) => numbered(n + 500))),
    ]);
    expect(first.body.results.map(meanOf)).toEqual(many(30, (n) => n));
    expect(second.body.results.map(meanOf)).toEqual(many(30, (n) => n + 500));
  });

  it('stores nothing when the audit entries cannot be written [R-30]', async () => {
    const before = await count('FROM inference_results');
    await running.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    const answer = await clinician.send([numbered(1), numbered(2)]);
    await running.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
    expect(answer).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
    expect(await count('FROM inference_results')).toBe(before);
  });

  it('when the client goes away: what waits is cancelled, what has run is stored and audited', async () => {
    const gone = new AbortController();
    const images = many(40, (n) => numbered(n));
    for (let n = 4; n < 10; n++) images[n] = numbered(n, { model_id: models['endless'] });
    const request = clinician.call('POST', '/infer/batch', {
      body: `{"images":[${images.join(',')}]}`,
      headers: { 'Content-Type': 'application/json' },
      signal: gone.signal,
    });
    setTimeout(() => gone.abort(), 500);
    await expect(request).rejects.toThrow('aborted');
    const refused = async (): Promise<Answer['body']> =>
      (await entries('action=batch.submitted&outcome=refused')).find(
        ({ reason }) => reason === 'REQUEST_ABANDONED',
      );
    let entry: Answer['body'];
    for (let tries = 0; tries < 200 && entry === undefined; tries++) entry = await refused();
    const { body } = await clinician.get(`/infer/batch/${entry.object_id}`);
    expect(body.status).toBe('cancelled');
    expect(body.cancelled).toBeGreaterThan(0);
    expect(body.successful + body.failed + body.cancelled).toBe(40);
    expect(await count(`FROM inference_results WHERE batch_id = '${body.batch_id}'`)).toBe(
      body.successful + body.failed,
    );
    const { details } = (await entries(`object_id=${body.batch_id}&action=batch.completed`))[0];
    expect(details).toMatchObject({
      successful: body.successful,
      failed: body.failed,
      cancelled: body.cancelled,
    });
  });
});

describe('POST /infer/batch › bad input', () => {
  it.each([
    ['/infer', 'image', 1],
    ['/infer', 'file', 2],
    ['/infer/batch', 'images', 1],
  ])('%s with files in %s, %d: is told where files go', async (path, part, files) => {
    const form = new FormData();
    for (let n = 0; n < files; n++) form.append(part, new Blob([new Uint8Array(9)]), 'x.png');
    const { status, body } = await clinician.call('POST', path, { body: form });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { field: 'file', message: 'files come in parts named `file`, no more of them than the route takes' },
    ]);
  });

  it('a path in the place of a file', async () => {
    const form = new FormData();
    form.set('file', 'scan.png');
    const { body } = await clinician.call('POST', '/infer', { body: form });
    expect(body.errors).toEqual([
      { field: 'file', message: 'must be a file; curl sends one with -F file=@path' },
    ]);
  });

  it.each<[string, string, number, string]>([
    ['no images', '{"images":[]}', 400, 'VALIDATION_FAILED'],
    ['images that are no array', '{"images":{}}', 400, 'VALIDATION_FAILED'],
    ['nothing', '{}', 400, 'VALIDATION_FAILED'],
    ['101 images', `{"images":[${Array(101).fill('{"data":[1]}').join()}]}`, 400, 'VALIDATION_FAILED'],
    ['an unknown field', '{"images":[{"data":[1]}],"colour":1}', 400, 'VALIDATION_FAILED'],
    ['an unknown priority', '{"images":[{"data":[1]}],"priority":"urgent"}', 400, 'VALIDATION_FAILED'],
    ['what is no JSON', 'images, please', 400, 'REQUEST_MALFORMED_JSON'],
    ['JSON that ends early', '{"images":[{"data":[1]}', 400, 'REQUEST_MALFORMED_JSON'],
    ['one image that is no JSON', '{"images":[{"data":[1],}]}', 400, 'REQUEST_MALFORMED_JSON'],
  ])('refuses %s with nothing stored but the entry', async (_name, body, status, code) => {
    const before = await count('FROM inference_batches');
    const headers = { 'Content-Type': 'application/json' };
    const answer = await clinician.call('POST', '/infer/batch', { body, headers });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await count('FROM inference_batches')).toBe(before);
    expect((await entries('action=batch.submitted'))[0]).toMatchObject({ outcome: 'refused', reason: code });
  });

  it('refuses 101 files and another content type', async () => {
    const form = new FormData();
    for (let n = 0; n < 101; n++) form.append('file', new Blob(['x']), 'x.png');
    expect(await clinician.call('POST', '/infer/batch', { body: form })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    const headers = { 'Content-Type': 'image/png' };
    expect(await clinician.call('POST', '/infer/batch', { body: 'x', headers })).toMatchObject({
      status: 415,
    });
  });

  it.each(['application/json', 'multipart/form-data; boundary=x'])(
    'refuses 300 MB of %s before they are sent',
    async (type) => {
      const { hostname, port } = new URL(running.url);
      const socket = connect(Number(port), hostname);
      const head = [
        'POST /infer/batch HTTP/1.1',
        `Host: ${hostname}`,
        `Authorization: Bearer ${await running.token('clinician')}`,
        `Content-Type: ${type}`,
        'Content-Length: 300000000',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n{`);
      const [status] = await new Promise<string[]>((resolve) =>
        socket.once('data', (data) => resolve(data.toString().split('\r\n'))),
      );
      socket.destroy();
      expect(status).toBe('HTTP/1.1 413 Payload Too Large');
    },
  );
});

describe('POST /infer/batch › Prefer: respond-async', () => {
  it('202, where to look, then the same answers as at once', async () => {
    const sent = await clinician.later([numbered(3), '{"image":"aaaa"}', '{"data":"x"}', numbered(4)], {
      priority: 'high',
    });
    expect(sent).toMatchObject({
      status: 202,
      body: { total_images: 4, priority: 'high', progress: { total: 4 } },
    });
    expect(sent.headers.get('location')).toBe(`/infer/batch/${sent.body.batch_id}`);
    expect(sent.headers.get('preference-applied')).toBe('respond-async');
    const body = await clinician.done(sent.body.batch_id);
    expect(body).toMatchObject({
      status: 'partial_failure',
      successful: 2,
      failed: 2,
      progress: { finished: 4, total: 4, fraction: 1 },
    });
    expect(body.results.map(({ inference_id }: Answer['body']) => inference_id)).toEqual(
      sent.body.results.map(({ inference_id }: Answer['body']) => inference_id),
    );
    expect([meanOf(body.results[0]), meanOf(body.results[3])]).toEqual([3, 4]);
    expect(body.results[1].error.code).toBe('IMAGE_FORMAT_UNSUPPORTED');
    expect(body.results[2].error.code).toBe('VALIDATION_FAILED');
  });

  it('audits the submission, each image, the end and each look at it', async () => {
    const { body } = await clinician.later([numbered(1), numbered(2)]);
    await clinician.done(body.batch_id);
    const ids = body.results.map(({ inference_id }: Answer['body']) => inference_id);
    const ofBatch = await entries(`object_id=${body.batch_id}`);
    expect(ofBatch.filter(({ action }) => action !== 'batch.read').map(({ action }) => action)).toEqual([
      'batch.completed',
      'batch.submitted',
    ]);
    expect(ofBatch.at(-1).details.returned_ids).toEqual(ids);
    expect(ofBatch[0]).toMatchObject({
      action: 'batch.read',
      details: { returned_ids: expect.arrayContaining(ids) },
    });
    for (const id of ids) {
      expect(await entries(`object_id=${id}`)).toMatchObject([
        { action: 'inference.completed', actor_role: 'clinician', details: { batch_id: body.batch_id } },
      ]);
    }
  });

  it('is another batch when it is sent twice', async () => {
    const [first, second] = [await clinician.later([numbered(1)]), await clinician.later([numbered(1)])];
    expect(first.body.batch_id).not.toBe(second.body.batch_id);
    for (const { body } of [first, second]) {
      expect(await clinician.done(body.batch_id)).toMatchObject({ status: 'completed', successful: 1 });
      expect(await count(`FROM inference_results WHERE batch_id = '${body.batch_id}'`)).toBe(1);
    }
  });

  it('takes a preference with others, and no other for it', async () => {
    const headers = (prefer: string): object => ({ headers: { Prefer: prefer } });
    expect((await clinician.send([numbered(1)], headers('wait=5, Respond-Async'))).status).toBe(202);
    expect((await clinician.send([numbered(1)], headers('respond-asynchronously'))).status).toBe(200);
  });

  it('counts what it does [R-22]', async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    expect(text).toMatch(/medai_batch_images_total\{answered="later",status="completed"\} \d/);
    expect(text).toMatch(/medai_batch_images_total\{answered="now",status="failed"\} \d/);
    expect(text).toMatch(/medai_batch_image_wait_seconds_count \d/);
  });
});

describe('who may what with a batch [R-50]', () => {
  it.each([
    ['POST', '/infer/batch'],
    ['GET', '/infer/batch/01900000-0000-7000-8000-000000000000'],
    ['POST', '/infer/batch/01900000-0000-7000-8000-000000000000/cancel'],
  ])('%s %s › 401 without a token, 403 for a viewer', async (method, path) => {
    expect(await new BatchClient(running.url).call(method, path)).toMatchObject({ status: 401 });
    const viewer = new BatchClient(running.url, await running.token('viewer'));
    expect(await viewer.call(method, path)).toMatchObject({ status: 403, body: { code: 'AUTH_FORBIDDEN' } });
  });

  it('a batch of somebody else is as unknown as one that does not exist', async () => {
    const { body } = await integration.later([numbered(1)]);
    await integration.done(body.batch_id);
    for (const id of [body.batch_id, '01900000-0000-7000-8000-000000000000']) {
      for (const [method, path] of [
        ['GET', `/infer/batch/${id}`],
        ['POST', `/infer/batch/${id}/cancel`],
      ] as const) {
        expect(await clinician.call(method, path)).toMatchObject({
          status: 404,
          body: { code: 'BATCH_NOT_FOUND' },
        });
      }
    }
    expect(await clinician.get('/infer/batch/x')).toMatchObject({ status: 400 });
  });

  it('a model_manager tries versions that are not in production, and no others', async () => {
    const manager = new BatchClient(running.url, await running.token('model_manager'));
    const { id } = await running.installFixture('nan');
    // no step leads back from production, so the guard of the table looks away for once
    await running.dataSource.query(
      `ALTER TABLE model_versions DISABLE TRIGGER USER;
       UPDATE model_versions SET status = 'validation' WHERE id = '${id}';
       ALTER TABLE model_versions ENABLE TRIGGER USER;`,
    );
    const images = [imageText(1, { model_id: id }), numbered(1)];
    const { body } = await manager.send(images);
    expect(body.results[0]).toMatchObject({ status: 'completed', model: { status: 'validation' } });
    expect(body.results[1]).toMatchObject({ status: 'failed', error: { code: 'AUTH_FORBIDDEN' } });
    const later = await manager.done((await manager.later(images)).body.batch_id);
    expect(later.results[0]).toMatchObject({ status: 'completed', model: { status: 'validation' } });
    expect(later.results[1]).toMatchObject({ status: 'failed', error: { code: 'AUTH_FORBIDDEN' } });
  });
});

// Last: the model stays in quarantine.
describe('a model that is quarantined within a request', () => {
  it('is recorded by the server itself, not in the name of who asked', async () => {
    const crash = [numbered(1, { model_id: models['crashing'] })];
    const engine = running.app.get(InferenceEngine);
    let told: unknown;
    for (let n = 0; n < 6 && told !== 'MODEL_QUARANTINED'; n++) {
      // each finds a process that is idle, and is handed to it within its own request
      while (engine.health().ready < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      told = (await clinician.send(crash)).body.results[0].error.code;
    }
    expect(told).toBe('MODEL_QUARANTINED');
    const [entry] = await entries(`object_id=${models['crashing']}&action=model.quarantined`);
    expect(entry).toMatchObject({ actor_id: null, actor_role: 'system', request_id: null, ip: null });
  });
});
