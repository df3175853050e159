import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let clinician: string;
beforeAll(async () => {
  running = await startApp();
  clinician = await running.token('clinician');
});
afterAll(() => running.stop());

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function call(method: string, path: string, body?: object, token = clinician): Promise<Answer> {
  const response = await fetch(running.url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function infer(): Promise<string> {
  const response = await fetch(`${running.url}/infer`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${clinician}`, 'Content-Type': 'image/png' },
    body: SAMPLE,
  });
  return ((await response.json()) as { inference_id: string }).inference_id;
}

const review = (id: string, body: object, token?: string): Promise<Answer> =>
  call('POST', `/results/${id}/review`, body, token);
const detail = (id: string): Promise<Answer> => call('GET', `/results/${id}`);
const approval = { decision: 'approved', password: PASSWORD };

async function actionsOf(id: string): Promise<string[]> {
  const auditor = await running.token('auditor');
  const { body } = await call('GET', `/audit?object_id=${id}&sequenced=wait`, undefined, auditor);
  const entries = body.items as { action: string; outcome: string }[];
  return entries.map(({ action, outcome }) => `${action} ${outcome}`).toReversed();
}

describe('POST /results/{inference_id}/review [R-47] [R-55]', () => {
  it('goes from completed over reviewed to approved, each step recorded', async () => {
    const id = await infer();
    expect(await review(id, { decision: 'reviewed', comments: 'agree' })).toMatchObject({
      status: 200,
      body: { revision: 1, decision: 'reviewed', comments: 'agree', signature: null },
    });
    const approved = await review(id, approval);
    expect(approved).toMatchObject({
      status: 200,
      body: { revision: 2, decision: 'approved', signature: { printed_name: 'clinician', valid: true } },
    });
    expect(approved.body.signature.meaning).toMatch(/approval/);
    const { body } = await detail(id);
    expect(body).toMatchObject({ status: 'approved', review_revision: 2 });
    expect(body.reviews).toHaveLength(2);
    expect(await actionsOf(id)).toEqual([
      'inference.completed success',
      'result.reviewed success',
      'result.approved success',
      'result.read success',
    ]);
  });

  it('a correction is a new revision with a reason; the approval stays visible and valid', async () => {
    const id = await infer();
    await review(id, { decision: 'reviewed' });
    await review(id, approval);
    const why = { decision: 'reviewed', comments: 'a vessel', label: 'no bright spot' };
    expect(await review(id, why)).toMatchObject({ status: 409, body: { code: 'RESULT_REVIEW_STALE' } });
    const { comments: _why, ...withoutReason } = why;
    expect(await review(id, { ...withoutReason, revision: 2 })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'comments' }] },
    });
    expect(await review(id, { ...why, revision: 2 })).toMatchObject({
      body: { revision: 3, decision: 'corrected', label: 'no bright spot' },
    });
    const { body } = await detail(id);
    expect(body).toMatchObject({ status: 'reviewed', review_revision: 3, review_comments: 'a vessel' });
    expect(body.reviews[1]).toMatchObject({ decision: 'approved', signature: { valid: true } });
  });

  it('of two clinicians at once one is told that his view is stale', async () => {
    const id = await infer();
    const answers = await Promise.all([1, 2].map(() => review(id, { decision: 'reviewed', revision: 0 })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect((await detail(id)).body.reviews).toHaveLength(1);
  });

  it('an approval needs the password, and a wrong one leaves no trace in the result', async () => {
    const id = await infer();
    await review(id, { decision: 'reviewed' });
    expect(await review(id, { decision: 'approved' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'password' }] },
    });
    expect(await review(id, { ...approval, password: 'not the password' })).toMatchObject({
      status: 403,
      body: { code: 'SIGNATURE_PASSWORD_WRONG', detail: expect.stringContaining('still logged in') },
    });
    expect((await detail(id)).body).toMatchObject({ status: 'reviewed', review_revision: 1 });
  });

  it('a result or a signature changed behind the triggers is shown as not valid', async () => {
    const [first, second] = [await infer(), await infer()];
    for (const id of [first, second]) {
      await review(id, { decision: 'reviewed' });
      await review(id, approval);
    }
    const signatureOf = async (id: string): Promise<{ valid: boolean }> =>
      (await detail(id)).body.reviews[1].signature;
    const runner = running.dataSource.createQueryRunner();
    await runner.query('ALTER TABLE inference_results DISABLE TRIGGER inference_results_content');
    await runner.query(
      `UPDATE inference_results SET outputs = '{"probabilities":[[1,0]]}' WHERE id = '${first}'`,
    );
    await runner.query('ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_content');
    expect(await signatureOf(first)).toMatchObject({ valid: false });
    expect(await signatureOf(second)).toMatchObject({ valid: true });
    await runner.query('ALTER TABLE result_reviews DISABLE TRIGGER result_reviews_no_rewrite');
    await runner.query(
      `UPDATE result_reviews SET signature_id = (SELECT signature_id FROM result_reviews
         WHERE inference_result_id = '${first}' AND revision = 2)
       WHERE inference_result_id = '${second}' AND revision = 2`,
    );
    await runner.query('ALTER TABLE result_reviews ENABLE ALWAYS TRIGGER result_reviews_no_rewrite');
    await runner.release();
    expect(await signatureOf(second)).toMatchObject({ valid: false });
  });

  it('refuses what cannot be reviewed, who may not, and what is malformed', async () => {
    const id = await infer();
    expect(await review(id, approval)).toMatchObject({
      status: 409,
      body: { code: 'RESULT_NOT_REVIEWABLE' },
    });
    await running.dataSource.query(`UPDATE inference_results SET status = 'failed' WHERE id = '${id}'`);
    expect(await review(id, { decision: 'reviewed' })).toMatchObject({
      status: 409,
      body: { code: 'RESULT_NOT_REVIEWABLE' },
    });
    const unknown = '01900000-0000-7000-8000-000000000000';
    expect(await review(unknown, { decision: 'reviewed' })).toMatchObject({ status: 404 });
    expect(await review('1', { decision: 'reviewed' })).toMatchObject({ status: 400 });
    for (const role of ['viewer', 'integration', 'admin', 'auditor'] as const) {
      expect(await review(id, { decision: 'reviewed' }, await running.token(role))).toMatchObject({
        status: 403,
      });
    }
    const other = await infer();
    for (const body of [
      { decision: 'rejected' },
      {},
      { decision: 'reviewed', comments: '' },
      { decision: 'reviewed', comments: 'x'.repeat(4001) },
      { decision: 'reviewed', label: 'no such label' },
      { decision: 'reviewed', revision: '0' },
      { decision: 'reviewed', status: 'approved' },
    ]) {
      expect(await review(other, body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    }
    expect((await review(other, { decision: 'reviewed', comments: 'x'.repeat(1024 ** 2) })).status).toBe(413);
    expect((await detail(other)).body).toMatchObject({
      status: 'completed',
      review_revision: 0,
      reviews: [],
    });
  });
});
