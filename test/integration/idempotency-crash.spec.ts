import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplica } from '../harness/replica';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import type { ServerProcess } from '../harness/server-process';

jest.setTimeout(60_000);

/** Takes the retries; the servers that are killed are processes of their own. */
let running: RunningApp;
let token: string;
let server: ServerProcess | undefined;
let proxy: Server | undefined;

beforeAll(async () => {
  running = await startApp();
  token = await running.token('clinician');
});
afterEach(async () => {
  await server?.end('SIGKILL');
  proxy?.close();
});
afterAll(() => running.stop());

/** On the same data, with a database behind `url`. @returns where it listens */
async function startServer(url: string): Promise<string> {
  server = await startReplica(running, { DATABASE_URL: url });
  return server.url;
}

/** The database, until a statement that stores a result has gone to it: nothing comes back on that connection then. */
async function withoutAnswerToCommit(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  proxy = createServer((client) => {
    const database = connect(Number(port), hostname);
    let silent = false;
    client.on('data', (bytes) => {
      silent ||= bytes.includes('INSERT INTO inference_results');
      database.write(bytes);
    });
    database.on('data', (bytes) => silent || client.write(bytes));
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      socket.once('close', () => other.destroy()).on('error', () => undefined);
    }
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(new URL(url), {
    hostname: '127.0.0.1',
    port: String((proxy.address() as AddressInfo).port),
  }).href;
}

const infer = (url: string, key: string): Promise<Response> =>
  fetch(`${url}/infer`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'image/png', 'Idempotency-Key': `"${key}"` },
    body: new Uint8Array(SAMPLE),
  });

async function ids(): Promise<string[]> {
  const rows = await running.dataSource.query<{ id: string }[]>(
    'SELECT id FROM inference_results ORDER BY id',
  );
  return rows.map(({ id }) => id);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

describe('a server that is killed in the middle of a request with an Idempotency-Key', () => {
  it('after the commit and before the answer: the retry gets that very result', async () => {
    const before = await ids();
    const url = await startServer(await withoutAnswerToCommit(running.database.url));
    const lost = infer(url, 'after').then(
      () => 'answered',
      () => 'lost',
    );
    await until(async () => (await ids()).length > before.length);
    await server!.end('SIGKILL');
    expect(await lost).toBe('lost');

    const again = await infer(running.url, 'after');
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const text = await again.text();
    const [stored, ...others] = (await ids()).filter((id) => !before.includes(id));
    expect(others).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ inference_id: stored, status: 'completed' });
    expect(await (await infer(running.url, 'after')).text()).toBe(text);
  });

  it('before the commit: nobody else works on it while the lease lasts, and then the retry runs anew', async () => {
    const before = await ids();
    const url = await startServer(running.database.url);
    const lock = running.dataSource.createQueryRunner();
    await lock.startTransaction();
    await lock.query('LOCK TABLE inference_results IN SHARE ROW EXCLUSIVE MODE');
    const lost = infer(url, 'before').then(
      () => 'answered',
      () => 'lost',
    );
    await until(async () => {
      const [row] = (await lock.query(
        `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )) as [{ count: number }];
      return row.count > 0;
    });
    await server!.end('SIGKILL');
    expect(await lost).toBe('lost');
    // what the dead server had begun ends with its connection, not with the lock
    await lock.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    await lock.rollbackTransaction();
    await lock.release();

    const refused = await infer(running.url, 'before');
    expect(refused.status).toBe(409);
    expect(refused.headers.get('retry-after')).toBe('1');
    await running.dataSource.query("UPDATE idempotency_keys SET leased_until = now() - interval '1 second'");
    const again = await infer(running.url, 'before');
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    const added = (await ids()).filter((id) => !before.includes(id));
    expect(added).toEqual([((await again.json()) as { inference_id: string }).inference_id]);
  });
});
