import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let clinician: string;
let admin: string;

beforeAll(async () => {
  running = await startApp();
  [clinician, admin] = [await running.token('clinician'), await running.token('admin')];
});
afterAll(() => running.stop());

async function call(
  method: string,
  path: string,
  token?: string,
  body?: Uint8Array | object,
): Promise<Response> {
  const isImage = body instanceof Uint8Array;
  return fetch(`${running.url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': isImage ? 'image/png' : 'application/json' }),
    },
    body: isImage ? (body as RequestInit['body']) : JSON.stringify(body),
  });
}

const infer = (): Promise<Response> => call('POST', '/infer', clinician, SAMPLE);

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(100);
}

const isReady = async (): Promise<boolean> => (await call('GET', '/health/ready')).status === 200;

/** The entry that is made to look old must be the first in line. */
async function isChained(): Promise<boolean> {
  const [row] = await running.dataSource.query<[{ count: number }]>('SELECT count(*)::int FROM audit_inbox');
  return row.count === 0;
}

/** Keeps every sequencer from adding to the chain, as a full disk or a forgotten transaction would. */
async function stall(): Promise<QueryRunner> {
  const runner = running.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query('LOCK TABLE audit_logs IN EXCLUSIVE MODE');
  return runner;
}

const fill = (count: number, age: string): Promise<unknown> =>
  running.dataSource.query(
    `INSERT INTO audit_inbox (event_id, canonical, queued_at)
     SELECT id, format('{"event_id":"%s","occurred_at":"2026-01-01T00:00:00.000Z","action":"result.read","outcome":"success"}', id),
            clock_timestamp() - $2::interval
     FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::int)) AS ids`,
    [count, age],
  );

describe.each([
  ['an entry waits for more than 60 s', 1, '61 seconds'],
  ['more than 50,000 entries wait', 50_001, '0 seconds'],
])('back-pressure [R-09] [R-20]: %s', (_name, count, age) => {
  it('not ready, changes are refused, reads and logins are not; it ends by itself', async () => {
    await until(isReady);
    await until(isChained);
    const stalled = await stall();
    await fill(count, age);
    await until(async () => !(await isReady()) && (await infer()).status === 503);

    const refused = await infer();
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(await refused.json()).toMatchObject({ status: 503, code: 'AUDIT_UNAVAILABLE' });
    expect((await call('GET', '/results', clinician)).status).toBe(200);
    expect((await call('GET', '/health/live')).status).toBe(200);
    const login = { username: 'auditor', password: PASSWORD };
    expect((await call('POST', '/auth/login', undefined, login)).status).toBe(200);
    const report = (await (await call('GET', '/health', admin)).json()) as { components: { audit: object } };
    expect(report.components.audit).toMatchObject({ status: 'unhealthy', roles_separated: true });
    const metrics = await (await call('GET', '/metrics')).text();
    expect(Number(/^medai_audit_backlog_entries (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(count);

    await stalled.rollbackTransaction();
    await stalled.release();
    await until(async () => (await isReady()) && (await infer()).status === 200);
  });
});
