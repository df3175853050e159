import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.setup';
import { Draining } from '../../src/components/draining';
import { loadConfiguration } from '../../src/config/configuration';
import { OwnPostgres } from '../harness/own-postgres';
import { describeWithRedis, RedisServer } from '../harness/redis-server';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

interface Report {
  readonly status: string;
  readonly uptime_seconds: number;
  readonly components: Record<string, { status: string; pool?: object }>;
}

const report = async (url: string): Promise<Report> =>
  (await fetch(`${url}/health`)).json() as Promise<Report>;
const probe = async (url: string, name: string): Promise<number> =>
  (await fetch(`${url}/health/${name}`)).status;

describe('probes [R-20]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp({ HEALTH_DETAILS: 'public' });
  });
  afterAll(() => running.stop());

  it('a storm of them asks each dependency once a second', async () => {
    await sleep(1_100);
    const query = jest.spyOn(running.app.get(DataSource), 'query');
    const since = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => probe(running.url, i % 2 === 0 ? 'ready' : 'startup')),
    );
    const reports = await Promise.all(Array.from({ length: 50 }, () => fetch(`${running.url}/health`)));
    const rounds = 1 + Math.floor((performance.now() - since) / 1000);
    const asked = query.mock.calls.filter(([sql]) => sql.includes('transaction_read_only')).length;
    query.mockRestore();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(new Set(reports.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toBeLessThanOrEqual(rounds);
  });

  it('GET /health › shows every component, its response time, the pool and the uptime; the worst wins [R-19] [R-21] [R-33]', async () => {
    const body = await report(running.url);
    expect(Object.keys(body.components).toSorted()).toEqual([
      'audit',
      'database',
      'engine',
      'models',
      'redis',
      'storage',
      'system',
    ]);
    for (const component of Object.values(body.components))
      expect(component).toMatchObject({ response_ms: expect.any(Number) });
    expect(body.components['database']?.pool).toEqual({
      total: expect.any(Number),
      idle: expect.any(Number),
      waiting: expect.any(Number),
      max: 30,
    });
    expect(body.components['database']).toMatchObject({ clock_skew_seconds: expect.any(Number) });
    expect(body.uptime_seconds).toEqual(expect.any(Number));
    const order = ['healthy', 'degraded', 'unhealthy'];
    const statuses = Object.values(body.components).map(({ status }) => status);
    expect(body.status).toBe(order[Math.max(...statuses.map((status) => order.indexOf(status)))]);
  });

  it('live and ready while the engine is busy with models that never end', async () => {
    const version = await running.installFixture('endless-run');
    const token = await running.token('clinician');
    const gone = new AbortController();
    const requests = Array.from({ length: 3 }, () =>
      fetch(`${running.url}/infer?model_id=${version.id}&width=64&height=64`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream', Authorization: `Bearer ${token}` },
        body: new Float32Array(64 * 64).fill(1),
        signal: gone.signal,
      }).catch(() => undefined),
    );
    await sleep(300);
    for (let i = 0; i < 20; i++)
      expect([await probe(running.url, 'live'), await probe(running.url, 'ready')]).toEqual([200, 200]);
    gone.abort();
    await Promise.all(requests);
  });

  it('not live while the event loop stands still', async () => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const ask = () => fetch(workerData, { signal: AbortSignal.timeout(500) }).then(({ status }) => status, ({ name }) => name);
       parentPort.on('message', async (port) => port.postMessage(await ask()));`,
      { eval: true, workerData: `${running.url}/health/live` },
    );
    const ask = async (): Promise<unknown> => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage(port2, [port2]);
      const [answer] = await once(port1, 'message');
      port1.close();
      return answer;
    };
    expect(await ask()).toBe(200);
    const answer = ask();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    expect(await answer).toBe('TimeoutError');
    expect(await ask()).toBe(200);
    await worker.terminate();
  });

  it('not ready at once when the replica begins to stop, and still serving on connections that end', async () => {
    const other = await startApp();
    expect(await probe(other.url, 'ready')).toBe(200);
    other.app.get(Draining).begin();
    expect(await probe(other.url, 'ready')).toBe(503);
    const live = await fetch(`${other.url}/health/live`);
    expect([live.status, live.headers.get('connection')]).toEqual([200, 'close']);
    await other.stop();
  });

  it('GET /health › tells of a DEFAULT_MODEL that nothing answers for, as the log does at the start, until something does', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn');
    const defaults = 'demo-bright-spot,misspelt=demo-brigth-spot,testing=demo-bright-spot@2.0.0';
    const other = await startApp({ HEALTH_DETAILS: 'public', DEFAULT_MODEL: defaults });
    const told = warned.mock.calls.flatMap(([line]) => {
      const { event, model_name } = line as { event?: string; model_name?: string };
      return event === 'models.default_unanswered' ? [model_name] : [];
    });
    warned.mockRestore();
    const asked = ['misspelt=demo-brigth-spot', 'testing=demo-bright-spot@2.0.0'];
    expect(told).toEqual(['demo-bright-spot', ...asked]); // the demo is installed once the server has started
    const { status, components } = await report(other.url);
    expect(components['models']).toMatchObject({ status: 'degraded', defaults_unanswered: asked });
    expect(['degraded', 'unhealthy']).toContain(status);
    expect(await probe(other.url, 'ready')).toBe(200);
    await other.stop();
  });

  it('GET /health › tells of the disk also when nothing has been kept in DATA_DIR, as where databases and models are elsewhere', async () => {
    const other = await startApp({ HEALTH_DETAILS: 'public' });
    await rm(other.dataDir, { recursive: true });
    const { components } = await report(other.url);
    expect(components['system']).toMatchObject({ disk: { used: expect.any(Number) } });
    await other.stop();
  });

  it('closing another application in the same process takes nothing from this one', async () => {
    const other = await startApp();
    await other.stop();
    await sleep(1_100);
    expect(await probe(running.url, 'ready')).toBe(200);
    const response = await fetch(`${running.url}/results`, {
      headers: { Authorization: `Bearer ${await running.token('clinician')}` },
    });
    expect(response.status).toBe(200);
  });
});

describe('probes when PostgreSQL hangs [R-20] [R-33]', () => {
  it('answer in time, with one question under way, and recover by themselves', async () => {
    const postgres = await OwnPostgres.start();
    const configuration = loadConfiguration({
      ...postgres.variables,
      DATA_DIR: temporaryDirectory(),
      ENGINE_PROCESSES: '1',
      HEALTH_DETAILS: 'public',
    });
    const app = await createApp(configuration, postgres.urls, false);
    try {
      await app.listen(0, '127.0.0.1');
      const url = await app.getUrl();
      while ((await probe(url, 'startup')) !== 200) await sleep(50);
      postgres.pause();
      await sleep(1_100);
      const statuses = await Promise.all(Array.from({ length: 50 }, () => probe(url, 'ready')));
      expect(new Set(statuses)).toEqual(new Set([503]));
      expect([await probe(url, 'live'), await probe(url, 'startup')]).toEqual([200, 200]);
      const { status, components } = await report(url);
      expect([status, components['database']]).toEqual([
        'unhealthy',
        { status: 'unhealthy', reason: 'timeout' },
      ]);
      postgres.resume();
      while ((await probe(url, 'ready')) !== 200) await sleep(50);
    } finally {
      postgres.resume();
      await app.close();
      await postgres.stop();
    }
  });
});

describeWithRedis('probes when Redis hangs [R-20]', () => {
  it('ready, and the report says degraded', async () => {
    const redis = await RedisServer.start();
    const running = await startApp({ REDIS_URL: redis.url, HEALTH_DETAILS: 'public' });
    redis.pause();
    await sleep(1_100);
    expect(await probe(running.url, 'ready')).toBe(200);
    const { components } = await report(running.url);
    expect(components['redis']).toMatchObject({ status: 'degraded', configured: true, answers: false });
    redis.resume();
    await running.stop();
    await redis.kill();
  });
});
