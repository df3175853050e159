import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundRobin } from '../harness/round-robin';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { ServerProcess } from '../harness/server-process';

jest.setTimeout(90_000);

let running: RunningApp;
const replicas: ServerProcess[] = [];

/** Accounts and model are those of `running`, which itself takes no part. */
beforeAll(async () => {
  running = await startApp({ BATCH_WORKERS: '0' });
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  await running.stop();
});

async function replica(drainSeconds: number, graceSeconds = 30): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    DATABASE_URL: running.database.url,
    DATA_DIR: running.dataDir,
    SHUTDOWN_DRAIN_SECONDS: String(drainSeconds),
    SHUTDOWN_GRACE_SECONDS: String(graceSeconds),
  });
  replicas.push(server);
  return server;
}

describe('stopping a replica [R-20]', () => {
  it('a rolling restart of two under load loses no request, and each ends with 0', async () => {
    const balancer = await RoundRobin.start();
    const [first, second] = await Promise.all([replica(1), replica(1)]);
    balancer.replicas.add(first.url).add(second.url);
    await balancer.untilReady(2);

    const token = await running.token('clinician');
    const answers: number[] = [];
    const done = new AbortController();
    const client = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const response = await fetch(`${balancer.url}/infer`, {
          method: 'POST',
          headers: { 'Content-Type': 'image/png', Authorization: `Bearer ${token}` },
          body: SAMPLE,
        }).catch(() => undefined);
        answers.push(response?.status ?? 0);
        await response?.arrayBuffer().catch(() => answers.push(-1));
      }
    };
    const clients = Array.from({ length: 4 }, client);
    const codes: unknown[] = [];
    for (const old of [first, second]) {
      await sleep(300);
      codes.push(await old.end('SIGTERM'));
      balancer.replicas.delete(old.url);
      balancer.replicas.add((await replica(1)).url);
      await balancer.untilReady(2);
    }
    done.abort();
    await Promise.all(clients);
    balancer.stop();
    expect(codes).toEqual([0, 0]);
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    const [stored] = await running.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int FROM inference_results',
    );
    expect(stored?.count).toBe(answers.length);
  });

  it('a connection that carries no request does not keep it from ending', async () => {
    const server = await replica(0, 3600);
    const connection = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(connection, 'connect');
    expect(await server.end('SIGTERM')).toBe(0);
    connection.destroy();
  });

  it('a second signal ends it at once', async () => {
    const server = await replica(20);
    server.child.kill('SIGTERM');
    while ((await fetch(`${server.url}/health/ready`)).status !== 503) await sleep(10);
    expect(await server.end('SIGINT')).toBe(1);
  });

  it('no folder of an engine process is left by a server that was stopped', async () => {
    const server = await replica(0);
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith(`medai-engine-${server.child.pid}-`));
    expect(folders()).toHaveLength(1);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(folders()).toEqual([]);
  });

  it('folders of engine processes that a killed server left are gone after the next start, others are not', async () => {
    const dead = mkdtempSync(join(tmpdir(), 'medai-engine-999999999-1-'));
    const foreign = mkdtempSync(join(tmpdir(), 'medai-engine-'));
    await replica(0);
    expect([existsSync(dead), existsSync(foreign)]).toEqual([false, true]);
    rmdirSync(foreign);
  });
});
