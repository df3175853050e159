import { RetentionSweep } from '../../src/results/retention/retention-sweep.service';
import { type Answer, Client } from '../harness/client';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const UNKNOWN = '01900000-0000-7000-8000-000000000000';
let running: RunningApp;
let client: Client;
let admin: string;
let clinician: string;
let auditor: string;

beforeAll(async () => {
  running = await startApp({
    RETENTION_DAYS: '100,radiology=200',
    RETENTION_GRACE_DAYS: '0',
    RETENTION_SWEEP_SECONDS: '0',
  });
  client = new Client(running.url);
  [admin, clinician, auditor] = (await Promise.all(
    (['admin', 'clinician', 'auditor'] as const).map((role) => running.token(role)),
  )) as [string, string, string];
});
afterAll(() => running.stop());

const image = { image: SAMPLE.toString('base64') };
const infer = async (): Promise<string> => (await client.post('/infer', clinician, image)).body.inference_id;
const detail = (id: string): Promise<Answer> => client.get(`/results/${id}`, clinician);
const place = (id: string, body: unknown = { reason: 'a dispute' }, token = admin): Promise<Answer> =>
  client.post(`/results/${id}/holds`, token, body);
const release = (id: string, holdId: string, body: unknown = { reason: 'settled' }): Promise<Answer> =>
  client.post(`/results/${id}/holds/${holdId}/release`, admin, body);

async function sweep(): Promise<void> {
  const { signal } = new AbortController();
  const job = running.app.get(RetentionSweep);
  await job.mark(signal);
  await job.purge(signal);
  await job.measure();
}

/** As if its time had come. */
async function expire(id: string): Promise<void> {
  const runner = running.dataSource.createQueryRunner();
  await runner.query('ALTER TABLE inference_results DISABLE TRIGGER inference_results_retention');
  await runner.query(`UPDATE inference_results SET expires_at = now() WHERE id = '${id}'`);
  await runner.query('ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_retention');
  await runner.release();
}

async function entriesOf(id: string): Promise<{ action: string; details: object }[]> {
  const { body } = await client.get(`/audit?object_id=${id}&sequenced=wait`, auditor);
  return (body.items as { action: string; details: object }[]).toReversed();
}

describe('the time of a result [R-32]', () => {
  it('stands on it from its first moment, by the clinical domain of the model', async () => {
    const { body } = await detail(await infer());
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(200 * DAY_MS);
    expect(body).toMatchObject({ legal_hold: false, marked_at: null, purge_after: null });
  });

  it('is that of the domain for the images of a batch, and the general one where no model was chosen', async () => {
    const unknown = { ...image, model_id: UNKNOWN };
    const { body } = await client.post('/infer/batch', clinician, { images: [image, unknown] });
    const times = await Promise.all(
      (body.results as { inference_id: string }[]).map(async ({ inference_id }) => {
        const { expires_at, created_at } = (await detail(inference_id)).body;
        return (Date.parse(expires_at) - Date.parse(created_at)) / DAY_MS;
      }),
    );
    expect(times).toEqual([200, 100]);
  });
});

describe('legal holds [R-32]', () => {
  it('keep an expired result until the last is released; each step is recorded', async () => {
    const id = await infer();
    const first = await place(id, { reason: 'a dispute about the patient of room 12' });
    expect(first).toMatchObject({
      status: 201,
      body: { inference_id: id, reason: 'a dispute about the patient of room 12', released_at: null },
    });
    const second = await place(id);
    await expire(id);
    await sweep();
    expect((await detail(id)).body).toMatchObject({ legal_hold: true, marked_at: null });

    expect(await release(id, first.body.hold_id)).toMatchObject({
      status: 200,
      body: { release_reason: 'settled', released_at: expect.any(String) },
    });
    await sweep();
    const listed = await client.get(`/results/${id}/holds`, auditor);
    expect(listed).toMatchObject({
      status: 200,
      body: { legal_hold: true, items: [{ release_reason: 'settled' }, { released_at: null }] },
    });
    await release(id, second.body.hold_id);
    await sweep();
    expect((await detail(id)).status).toBe(404);

    const entries = (await entriesOf(id)).filter(({ action }) => /held|released/.test(action));
    expect(entries).toMatchObject([
      { action: 'result.held', details: { changes: { legal_hold: { old: false, new: true } } } },
      { action: 'result.held', details: { changes: { legal_hold: { old: true, new: true } } } },
      { action: 'result.released', details: { changes: { legal_hold: { old: true, new: true } } } },
      { action: 'result.released', details: { changes: { legal_hold: { old: true, new: false } } } },
    ]);
    expect(JSON.stringify(entries)).not.toContain('room 12');
  });

  it('after the purge the trail still tells what was, and that it went', async () => {
    const id = await infer();
    await expire(id);
    await sweep();
    expect((await detail(id)).status).toBe(404);
    expect(await place(id)).toMatchObject({ status: 404, body: { code: 'RESULT_NOT_FOUND' } });
    expect((await entriesOf(id)).map(({ action }) => action)).toContain('inference.completed');
    const { body } = await client.get('/audit?action=result.purged&limit=1&sequenced=wait', auditor);
    expect(body.items[0]).toMatchObject({
      actor_id: null,
      details: { count: 1, returned_ids: [id], result_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect((await client.get('/audit/verify', auditor)).body).toMatchObject({ valid: true });
  });

  it('an approved result goes with its reviews and its signature', async () => {
    const id = await infer();
    await client.post(`/results/${id}/review`, clinician, { decision: 'reviewed' });
    const approval = { decision: 'approved', password: 'a long enough password' };
    const { body } = await client.post(`/results/${id}/review`, clinician, approval);
    await expire(id);
    await sweep();
    expect((await detail(id)).status).toBe(404);
    expect(
      await running.dataSource.query('SELECT FROM electronic_signatures WHERE id = $1', [
        body.signature.signature_id,
      ]),
    ).toEqual([]);
  });

  it('lists and exports find what is held and what is marked', async () => {
    const [held, marked] = [await infer(), await infer()];
    await place(held);
    await expire(marked);
    await running.app.get(RetentionSweep).mark(new AbortController().signal);
    const idsOf = async (query: string): Promise<string[]> =>
      ((await client.get(`/results?${query}`, clinician)).body.items as { inference_id: string }[]).map(
        ({ inference_id }) => inference_id,
      );
    expect(await idsOf('legal_hold=true')).toEqual([held]);
    expect(await idsOf('marked=true')).toEqual([marked]);
    expect(await idsOf('marked=false&page_size=100')).not.toContain(marked);
    expect(await idsOf('legal_hold=false&page_size=100')).not.toContain(held);
    expect((await detail(marked)).body).toMatchObject({
      marked_at: expect.any(String),
      purge_after: expect.any(String),
    });
    const lines = (await client.get('/results/export?marked=true', auditor)).body.split('\n');
    expect(JSON.parse(lines[0])).toMatchObject({ inference_id: marked, legal_hold: false });
    const csv = (await client.get('/results/export?legal_hold=true&format=csv', auditor)).body as string;
    expect(csv).toContain(held);
    expect(await client.get('/results?marked=yes', clinician)).toMatchObject({ status: 400 });
  });

  it('are counted, and what is overdue shows', async () => {
    const [held, late] = [await infer(), await infer()];
    await place(held);
    await expire(late);
    await running.app.get(RetentionSweep).measure();
    const metric = async (name: string): Promise<number> => {
      const { body } = await client.get('/metrics');
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(body as string)?.[1]);
    };
    expect(await metric('medai_retention_held_results')).toBeGreaterThan(0);
    expect(await metric('medai_retention_oldest_overdue_seconds')).toBeGreaterThan(0);
    const purged = await metric('medai_retention_purged_total');
    await sweep();
    expect(await metric('medai_retention_purged_total')).toBeGreaterThan(purged);
    expect(await metric('medai_retention_oldest_overdue_seconds')).toBe(0);
  });

  it('refuse who may not, what is unknown, and what is malformed', async () => {
    const [id, other] = [await infer(), await infer()];
    for (const role of ['clinician', 'viewer', 'integration', 'auditor', 'approver'] as const)
      expect((await place(id, { reason: 'x' }, await running.token(role))).status).toBe(403);
    expect((await client.get(`/results/${id}/holds`, clinician)).status).toBe(403);
    expect((await place(id, { reason: 'x' }, 'no token')).status).toBe(401);
    for (const body of [{}, { reason: '' }, { reason: '  ' }, { reason: 'x'.repeat(2001) }, { reason: 1 }])
      expect(await place(id, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await place(id, { reason: 'x', until: 'tomorrow' })).status).toBe(400);
    expect((await place(id, { reason: 'a\u0000b' })).status).toBe(400);
    expect((await place('1')).status).toBe(400);
    expect(await place(UNKNOWN)).toMatchObject({ status: 404, body: { code: 'RESULT_NOT_FOUND' } });
    expect((await client.get(`/results/${UNKNOWN}/holds`, admin)).status).toBe(404);
    const { hold_id } = (await place(id)).body;
    expect(await release(id, UNKNOWN)).toMatchObject({ status: 404, body: { code: 'HOLD_NOT_FOUND' } });
    expect(await release(other, hold_id)).toMatchObject({ status: 404, body: { code: 'HOLD_NOT_FOUND' } });
    expect((await release(id, hold_id, {})).status).toBe(400);
    const answers = await Promise.all([release(id, hold_id), release(id, hold_id)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(answers.find(({ status }) => status === 409)).toMatchObject({ body: { code: 'HOLD_RELEASED' } });
  });
});
