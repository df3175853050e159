import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('GET /metrics [R-22]', () => {
  let running: RunningApp;
  afterEach(() => running.stop());

  it('counts requests by the route’s pattern, on the main port', async () => {
    running = await startApp();
    await fetch(`${running.url}/models/4d6c0a3e-0000-7000-8000-000000000000`);
    await fetch(`${running.url}/nowhere/secret-path`);
    const response = await fetch(`${running.url}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(
      /medai_http_request_duration_seconds_count\{method="GET",route="\/models\/:model_id",status="401"\} 1/,
    );
    expect(text).toMatch(/process_cpu_seconds_total /);
    expect(text).not.toMatch(/secret-path|4d6c0a3e/);
  });

  it('moves to METRICS_PORT where one is set', async () => {
    const port = await freePort();
    running = await startApp({ METRICS_PORT: String(port) });
    expect((await fetch(`${running.url}/metrics`)).status).toBe(404);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toMatch(/medai_http_request/);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(404);
  });
});
