import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { DataSource } from 'typeorm';
import { BatchConfig } from '../../src/config/batch.config';
import { ItemInference } from '../../src/inference/batches/item-inference.service';
import { BatchQueue, type TakenItem } from '../../src/inference/batches/queue/batch-queue.service';
import { BatchWorker } from '../../src/inference/batches/queue/batch-worker.service';
import { ModelSelection } from '../../src/models/model-selection.service';
import { DomainError } from '../../src/errors/domain.error';
import { type Answer, BatchClient, imageText } from '../harness/batch-client';
import { type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(120_000);

const LEASE = { BATCH_LEASE_SECONDS: '2', ENGINE_PROCESSES: '1' };

/** A replica that takes batches in and works on none, so that a test can be the worker. */
let running: RunningApp;
let queue: BatchQueue;
let clinician: BatchClient;
let integration: BatchClient;

beforeAll(async () => {
  running = await startApp({ ...LEASE, BATCH_WORKERS: '0', DEFAULT_MODEL: 'quarters' });
  await running.installFixture('quarters');
  queue = running.app.get(BatchQueue);
  clinician = new BatchClient(running.url, await running.token('clinician'));
  integration = new BatchClient(running.url, await running.token('integration'));
});
afterAll(() => running.stop());
afterEach(async () => {
  const left = await query<{ id: string; name: string }[]>(
    `SELECT DISTINCT batch.id, users.username AS name FROM inference_batch_items item
     JOIN inference_batches batch ON batch.id = item.batch_id JOIN users ON users.id = batch.created_by WHERE image IS NOT NULL`,
  );
  await query(`UPDATE inference_batch_items SET free_at = '-infinity' WHERE image IS NOT NULL`);
  for (const { id, name } of left) {
    await (name === 'clinician' ? clinician : integration).call('POST', `/infer/batch/${id}/cancel`);
  }
});

const query = <Rows>(sql: string, parameters: unknown[] = []): Promise<Rows> =>
  running.dataSource.query<Rows>(sql, parameters);

const images = (count: number): string[] => Array.from({ length: count }, (_, n) => imageText(n / 1000));

async function submit(client: BatchClient, count: number, priority = 'normal'): Promise<string> {
  const answer = await client.later(images(count), { priority });
  expect(answer).toMatchObject({ status: 202, body: { priority } });
  return answer.body.batch_id;
}

/** The batches whose images are taken, one after the other. */
async function turns(count: number): Promise<string[]> {
  const taken: string[] = [];
  for (let n = 0; n < count; n++) taken.push(...(await queue.take(uuidv7(), 1)).map(({ batch }) => batch.id));
  return taken;
}

const outcome = (taken: TakenItem): ReturnType<ItemInference['failed']> => {
  const refusal = new DomainError('IMAGE_CORRUPT');
  const item = {
    inferenceId: taken.inferenceId,
    patientId: null,
    studyDate: null,
    anatomicalRegion: null,
    wish: {},
  };
  return running.app
    .get(ItemInference)
    .failed({ ...item, digestVerified: false, image: { refusal } }, taken.batch, refusal);
};

async function stored(
  batchId: string,
): Promise<{ results: number; entries: number; ends: number; sealed: number }> {
  const [row] = await query<[{ results: number; entries: number; ends: number; sealed: number }]>(
    `WITH entries AS (SELECT canonical::jsonb AS entry FROM audit_logs UNION ALL SELECT canonical::jsonb FROM audit_inbox)
     SELECT (SELECT count(*)::int FROM inference_results WHERE batch_id = $1) AS results,
       (SELECT count(*)::int FROM entries WHERE entry #>> '{details,batch_id}' = $2
         AND entry ->> 'action' IN ('inference.completed', 'inference.failed')) AS entries,
       (SELECT count(*)::int FROM entries WHERE entry ->> 'object_id' = $2 AND entry ->> 'action' = 'batch.completed') AS ends,
       (SELECT count(image)::int FROM inference_batch_items WHERE batch_id = $1) AS sealed`,
    [batchId, batchId],
  );
  return row;
}

/** The workers that another replica of the same installation would have. */
function startWorkers(changes: Partial<BatchConfig> = {}): { stop: () => Promise<void> } {
  const { app } = running;
  const config = { ...app.get(BatchConfig), workers: 2, ...changes };
  const worker = new BatchWorker(
    queue,
    app.get(ItemInference),
    app.get(ModelSelection),
    app.get(DataSource),
    config,
  );
  worker.onApplicationBootstrap();
  return { stop: () => worker.onModuleDestroy() };
}

describe('whose turn it is [R-40]', () => {
  it('high before normal before low, whoever came first', async () => {
    const low = await submit(clinician, 2, 'low');
    const normal = await submit(integration, 2, 'normal');
    const high = await submit(integration, 2, 'high');
    expect(await turns(7)).toEqual([high, high, normal, normal, low, low]);
  });

  it('tells whoever takes an image how many the batch has', async () => {
    await submit(clinician, 3, 'normal');
    const taken = await queue.take(uuidv7(), 2);
    expect(taken.map(({ images }) => images)).toEqual([3, 3]);
  });

  it('an image that has waited for long goes before one of a higher priority', async () => {
    const low = await submit(clinician, 1, 'low');
    await query(
      `UPDATE inference_batch_items SET turn_at = turn_at - interval '10 minutes' WHERE batch_id = $1`,
      [low],
    );
    const high = await submit(clinician, 1, 'high');
    expect(await turns(2)).toEqual([low, high]);
  });

  it('an account with much waiting lets others get between', async () => {
    const [first, second] = [await submit(clinician, 50), await submit(clinician, 1)];
    const other = await submit(integration, 1);
    const order = await turns(52);
    expect(order.slice(0, 50)).toEqual(Array(50).fill(first));
    expect(order.slice(50)).toEqual([other, second]);
  });

  it('no two workers get the same image', async () => {
    await submit(clinician, 60);
    const taken = await Promise.all(Array.from({ length: 20 }, () => queue.take(uuidv7(), 5)));
    const ids = taken.flat().map(({ inferenceId }) => inferenceId);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });

  it('an account may not fill the queue', async () => {
    for (let n = 0; n < 20; n++) await submit(clinician, 100);
    const answer = await clinician.later(images(1));
    expect(answer).toMatchObject({ status: 429, body: { code: 'BATCH_QUEUE_FULL' } });
    expect(answer.headers.get('retry-after')).toBe('30');
    await submit(integration, 1);
  });

  it('an account does not get further by sending at the same time', async () => {
    for (let n = 0; n < 20; n++) await submit(clinician, n === 0 ? 99 : 100);
    const runner = running.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK inference_batches IN SHARE MODE'); // it can be counted, and not added to
    const answers = [clinician, clinician].map((client) => client.later(images(1)));
    const blocked = async (): Promise<number> => {
      const [{ count }] = (await runner.query(
        `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )) as [{ count: number }];
      return count;
    };
    while ((await blocked()) < 2) await sleep(20);
    await runner.commitTransaction();
    await runner.release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([202, 429]));
  });
});

describe('images that wait', () => {
  it('are sealed in the table, and erased when they are done or cancelled', async () => {
    const { body } = await clinician.later([
      imageText(0.123, { patient_id: 'MRN-CANARY', anatomical_region: 'CANARY' }),
    ]);
    const [row] = await query<[{ image: Buffer }]>(
      'SELECT image FROM inference_batch_items WHERE batch_id = $1',
      [body.batch_id],
    );
    expect(row.image.length).toBeGreaterThan(4096 * 6);
    for (const text of ['0.123', 'CANARY', 'data', body.results[0].inference_id]) {
      expect(row.image.includes(text)).toBe(false);
    }
    const [taken] = await queue.take('01900000-0000-7000-8000-00000000000a', 1);
    await queue.finish('01900000-0000-7000-8000-00000000000a', taken!, outcome(taken!));
    expect(await stored(body.batch_id)).toEqual({ results: 1, entries: 1, ends: 1, sealed: 0 });

    const cancelled = await submit(clinician, 3);
    await clinician.call('POST', `/infer/batch/${cancelled}/cancel`);
    expect(await stored(cancelled)).toEqual({ results: 0, entries: 0, ends: 1, sealed: 0 });
  });

  it('are left alone where the key is another, and opened where it is the one before', async () => {
    const id = await submit(clinician, 1);
    const state =
      'SELECT status, attempts, free_at > now() AS paused FROM inference_batch_items WHERE batch_id = $1';
    const stranger = startWorkers({ imageKeys: [Buffer.alloc(32, 1)] });
    const left = [{ status: 'queued', attempts: 0, paused: true }];
    for (let tries = 0; tries < 500 && !isDeepStrictEqual(await query(state, [id]), left); tries++)
      await sleep(10);
    await stranger.stop();
    expect(await query(state, [id])).toEqual(left);
    await query('UPDATE inference_batch_items SET free_at = now() WHERE batch_id = $1', [id]);
    const [sealing] = running.app.get(BatchConfig).imageKeys;
    const replica = startWorkers({ imageKeys: [Buffer.alloc(32, 1), sealing] });
    const body = await clinician.done(id);
    await replica.stop();
    expect(body).toMatchObject({ status: 'completed', successful: 1 });
  });

  it('fail by themselves when they were changed', async () => {
    const id = await submit(clinician, 1);
    await query(
      'UPDATE inference_batch_items SET image = set_byte(image, 40, get_byte(image, 40) # 1) WHERE batch_id = $1',
      [id],
    );
    const replica = startWorkers();
    const body = await clinician.done(id);
    await replica.stop();
    expect(body).toMatchObject({ status: 'failed', results: [{ error: { code: 'BATCH_ITEM_UNREADABLE' } }] });
  });

  it('are told, when they are done, how long they have waited [R-42]', async () => {
    const id = await submit(clinician, 2);
    await query(`UPDATE inference_batches SET created_at = created_at - interval '1 hour' WHERE id = $1`, [
      id,
    ]);
    const replica = startWorkers();
    const { results } = await clinician.done(id);
    await replica.stop();
    for (const { latency } of results) expect(latency.queue_ms).toBeGreaterThanOrEqual(3_600_000);
    const { latency } = (await clinician.get(`/results/${results[0].inference_id}`)).body;
    expect(latency).toEqual(results[0].latency);
  });
});

describe('workers that stop', () => {
  it('after its result is stored and before anything else: the image is not done again', async () => {
    const id = await submit(clinician, 4);
    const lost = uuidv7();
    const taken = await queue.take(lost, 2);
    await queue.finish(lost, taken[0]!, outcome(taken[0]!));
    const replica = startWorkers();
    const body = await clinician.done(id);
    expect(body).toMatchObject({ status: 'partial_failure', successful: 3, failed: 1 });
    expect(await stored(id)).toEqual({ results: 4, entries: 4, ends: 1, sealed: 0 });

    expect(await queue.finish(lost, taken[1]!, outcome(taken[1]!))).toBe(false);
    await queue.release(lost, taken[1]!, { pauseSeconds: 0, counts: true });
    await replica.stop();
    expect(await stored(id)).toEqual({ results: 4, entries: 4, ends: 1, sealed: 0 });
    expect((await clinician.get(`/infer/batch/${id}`)).body.results).toEqual(body.results);
  });

  it('keep what they have taken for as long as they are heard of', async () => {
    await submit(clinician, 1);
    const worker = uuidv7();
    expect(await queue.take(worker, 5)).toHaveLength(1);
    await query(
      `UPDATE inference_batch_items SET free_at = now() - interval '1 second' WHERE worker_id = $1`,
      [worker],
    );
    await queue.extend(worker);
    expect(await queue.take(uuidv7(), 5)).toHaveLength(0);
    await query(
      `UPDATE inference_batch_items SET free_at = now() - interval '1 second' WHERE worker_id = $1`,
      [worker],
    );
    expect(await queue.take(uuidv7(), 5)).toMatchObject([{ attempts: 2 }]);
  });

  it('keep it also when the database did not take the news once', async () => {
    const id = await submit(clinician, 1);
    const lease = async (): Promise<Date | null> => {
      const [row] = await query<[{ free_at: Date; status: string }]>(
        'SELECT free_at, status FROM inference_batch_items WHERE batch_id = $1',
        [id],
      );
      return row.status === 'processing' ? row.free_at : null;
    };
    const items = running.app.get(ItemInference);
    const run = items.run.bind(items);
    let goOn!: () => void;
    const slow = new Promise<void>((resolve) => (goOn = resolve));
    const ran = jest.spyOn(items, 'run').mockImplementation(async (...asked) => {
      await slow;
      return run(...asked);
    });
    const warned = jest.spyOn(Logger.prototype, 'warn');
    const extend = jest.spyOn(queue, 'extend').mockRejectedValueOnce(new DomainError('DATABASE_UNAVAILABLE'));
    const replica = startWorkers({ workers: 1 });
    let first: Date | null = null;
    while ((first = await lease()) === null) await sleep(20);
    while ((await lease())! <= first) await sleep(20);
    expect(extend.mock.calls.length).toBeGreaterThan(1);
    expect(warned).toHaveBeenCalledWith({ event: 'batch.lease_not_extended', code: 'DATABASE_UNAVAILABLE' });
    goOn();
    expect(await clinician.done(id)).toMatchObject({ status: 'completed' });
    await replica.stop();
    for (const spy of [ran, warned, extend]) spy.mockRestore();
  });

  it('an image whose workers stopped three times is given up', async () => {
    const id = await submit(clinician, 2);
    for (let n = 0; n < 3; n++) {
      expect(await queue.take(uuidv7(), 1)).toMatchObject([{ position: 0, attempts: n + 1 }]);
      await query('UPDATE inference_batch_items SET free_at = now() WHERE batch_id = $1', [id]);
    }
    const replica = startWorkers();
    const body = await clinician.done(id);
    await replica.stop();
    expect(body.results).toMatchObject([
      { status: 'failed', error: { code: 'BATCH_ITEM_GIVEN_UP' } },
      { status: 'completed' },
    ]);
    expect(await stored(id)).toEqual({ results: 2, entries: 2, ends: 1, sealed: 0 });
  });

  it('an image whose model is out of service waits until it is back', async () => {
    const run = jest.spyOn(running.app.get(ItemInference), 'run');
    for (const code of ['MODEL_QUARANTINED', 'MODEL_LOAD_FAILED'] as const)
      run.mockRejectedValueOnce(new DomainError(code, undefined, { retryAfterSeconds: 1 }));
    const id = await submit(clinician, 2);
    const replica = startWorkers();
    const body = await clinician.done(id);
    await replica.stop();
    expect(run).toHaveBeenCalledTimes(4);
    run.mockRestore();
    expect(body.results).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
  });

  it('while the audit trail cannot be written nothing is stored and nothing is lost', async () => {
    const id = await submit(clinician, 2);
    await query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    const replica = startWorkers();
    const postponed = async (): Promise<number> => {
      const [row] = await query<[{ count: number }]>(
        `SELECT count(*)::int FROM inference_batch_items WHERE batch_id = $1 AND status = 'queued' AND free_at > now()`,
        [id],
      );
      return row.count;
    };
    while ((await postponed()) < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    await query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
    expect(await stored(id)).toEqual({ results: 0, entries: 0, ends: 0, sealed: 2 });
    const body = await clinician.done(id);
    await replica.stop();
    expect(body).toMatchObject({ status: 'completed', successful: 2 });
    expect(await stored(id)).toEqual({ results: 2, entries: 2, ends: 1, sealed: 0 });
  });
});

describe('POST /infer/batch/{batch_id}/cancel', () => {
  const cancel = (id: string): Promise<Answer> => clinician.call('POST', `/infer/batch/${id}/cancel`);

  it('cancels what waits; what is under way is finished and what is done stays; a second call changes nothing', async () => {
    const id = await submit(clinician, 4);
    const worker = uuidv7();
    const [done, underway] = await queue.take(worker, 2);
    await queue.finish(worker, done!, outcome(done!));
    const first = await cancel(id);
    expect(first).toMatchObject({
      status: 200,
      body: { status: 'cancelled', failed: 1, cancelled: 2, finished_at: null, progress: { finished: 3 } },
    });
    expect(first.body.results.map(({ status }: Answer['body']) => status)).toEqual([
      'failed',
      'processing',
      'cancelled',
      'cancelled',
    ]);
    expect(await queue.finish(worker, underway!, outcome(underway!))).toBe(true);
    const second = await cancel(id);
    expect(second).toMatchObject({ status: 200, body: { status: 'cancelled', failed: 2, cancelled: 2 } });
    expect(second.body.finished_at).not.toBeNull();
    expect(await cancel(id)).toMatchObject({ body: second.body });
    expect(await stored(id)).toEqual({ results: 2, entries: 2, ends: 1, sealed: 0 });
  });

  it('does not start again what a worker had when it stopped', async () => {
    const id = await submit(clinician, 1);
    await queue.take(uuidv7(), 1);
    expect((await cancel(id)).body.status).toBe('processing');
    await query('UPDATE inference_batch_items SET free_at = now() WHERE batch_id = $1', [id]);
    const replica = startWorkers();
    const body = await clinician.done(id);
    await replica.stop();
    expect(body).toMatchObject({ status: 'cancelled', cancelled: 1, successful: 0 });
    expect(await stored(id)).toEqual({ results: 0, entries: 0, ends: 1, sealed: 0 });
  });

  it('leaves a batch that is done as it is', async () => {
    const id = await submit(clinician, 1);
    const [taken] = await queue.take('01900000-0000-7000-8000-00000000000a', 1);
    await queue.finish('01900000-0000-7000-8000-00000000000a', taken!, outcome(taken!));
    expect(await cancel(id)).toMatchObject({
      status: 200,
      body: { status: 'failed', failed: 1, cancelled: 0 },
    });
  });
});
