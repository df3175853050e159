import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceEngine } from '../../src/inference/engine/inference-engine';
import type { OnnxEngine } from '../../src/inference/engine/onnx-engine';
import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

describe('a server whose engine processes hang', () => {
  let app: RunningApp;
  let engine: OnnxEngine;
  beforeAll(async () => {
    app = await startApp({ ENGINE_PROCESSES: '2' });
    engine = app.app.get(InferenceEngine);
  });
  afterAll(() => app.stop());

  it('answers health probes and logins, and the requests when they go on', async () => {
    const authorization = `Bearer ${await app.token('clinician')}`;
    const infer = (): Promise<Response> =>
      fetch(`${app.url}/infer`, {
        method: 'POST',
        headers: { authorization, 'Content-Type': 'image/png' },
        body: new Uint8Array(SAMPLE),
      });
    const pids = [...engine.pids];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const hanging = [1, 2, 3, 4].map(infer);
    try {
      while (engine.health().queued < 2) await sleep(5);
      for (let i = 0; i < 20; i++) expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
      const credentials = JSON.stringify({ username: 'viewer', password: PASSWORD });
      const headers = { 'Content-Type': 'application/json' };
      const login = await fetch(`${app.url}/auth/login`, { method: 'POST', headers, body: credentials });
      expect(login.status).toBe(200);
      expect(engine.health()).toMatchObject({ busy: 2, queued: 2 });
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(engine.health()).toMatchObject({ busy: 0, queued: 0, restarts: 0 });
  });
});
