import { setTimeout as sleep } from 'node:timers/promises';
import { BatchClient } from '../harness/batch-client';
import { startReplica } from '../harness/replica';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import type { ServerProcess } from '../harness/server-process';

jest.setTimeout(120_000);

/** Takes batches in and works on none: that is for servers in processes of their own. */
let running: RunningApp;
let clinician: BatchClient;
const servers: ServerProcess[] = [];

beforeAll(async () => {
  running = await startApp({ BATCH_WORKERS: '0' });
  clinician = new BatchClient(running.url, await running.token('clinician'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.end('SIGKILL')));
});
afterAll(() => running.stop());

async function startServer(): Promise<ServerProcess> {
  const server = await startReplica(running, { BATCH_LEASE_SECONDS: '2' });
  servers.push(server);
  return server;
}

async function states(id: string): Promise<Record<string, number>> {
  const rows = await running.dataSource.query<{ status: string; count: number }[]>(
    'SELECT status, count(*)::int FROM inference_batch_items WHERE batch_id = $1 GROUP BY status',
    [id],
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

async function inTheMiddle(id: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    const { completed = 0, processing = 0, queued = 0 } = await states(id);
    if (completed >= 5 && processing > 0 && queued > 0) return;
    await sleep(10);
  }
  throw new Error('the batch was never in the middle');
}

const image = JSON.stringify({ image: SAMPLE.toString('base64') });

/** Every image has one result, one entry of its own, and the batch one end. */
async function expectOnce(id: string, count: number): Promise<void> {
  const [row] = await running.dataSource.query<[Record<string, number>]>(
    `WITH entries AS (SELECT canonical::jsonb AS entry FROM audit_logs UNION ALL SELECT canonical::jsonb FROM audit_inbox),
       own AS (SELECT entry ->> 'object_id' AS id FROM entries WHERE entry ->> 'action' = 'inference.completed' AND entry #>> '{details,batch_id}' = $2)
     SELECT (SELECT count(*)::int FROM inference_results WHERE batch_id = $1 AND status = 'completed') AS results,
       (SELECT count(*)::int FROM validation_results validation JOIN inference_results result ON result.id = validation.inference_result_id WHERE batch_id = $1) AS validations,
       (SELECT count(*)::int FROM own) AS entries, (SELECT count(DISTINCT id)::int FROM own) AS images,
       (SELECT count(*)::int FROM entries WHERE entry ->> 'object_id' = $2 AND entry ->> 'action' = 'batch.completed') AS ends`,
    [id, id],
  );
  expect(row).toEqual({ results: count, validations: count, entries: count, images: count, ends: 1 });
}

describe('a batch that is answered later, when its server', () => {
  it('is killed in the middle: another finishes each image once', async () => {
    const { body } = await clinician.later(Array(60).fill(image));
    const first = await startServer();
    await inTheMiddle(body.batch_id);
    await first.end('SIGKILL');
    const { processing: left = 0 } = await states(body.batch_id);
    await startServer();
    const done = await clinician.done(body.batch_id);
    expect(done).toMatchObject({ status: 'completed', successful: 60 });
    await expectOnce(body.batch_id, 60);
    const [row] = await running.dataSource.query<[{ count: number }]>(
      'SELECT count(*)::int FROM inference_batch_items WHERE batch_id = $1 AND attempts > 1',
      [body.batch_id],
    );
    expect(row.count).toBe(left);
  });

  it('is told to stop in the middle: it finishes what it has and leaves the rest', async () => {
    const { body } = await clinician.later(Array(60).fill(image));
    const first = await startServer();
    await inTheMiddle(body.batch_id);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(await states(body.batch_id)).toEqual({
      completed: expect.any(Number) as number,
      queued: expect.any(Number) as number,
    });
    await Promise.all([startServer(), startServer()]);
    expect(await clinician.done(body.batch_id)).toMatchObject({ status: 'completed', successful: 60 });
    await expectOnce(body.batch_id, 60);
  });
});
