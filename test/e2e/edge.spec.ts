import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { runLogText } from '../harness/run-logs';
import { type RunningApp, startApp } from '../harness/running-app';

const MEBIBYTE = 1024 ** 2;

/** Announces a body and sends none of it. */
async function announce(
  url: string,
  path: string,
  type: string,
  bytes: number,
  token: string,
  header = 'X-Forwarded-Proto: https',
): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${header}\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  return socket;
}

/** Of the requests under way. */
async function bodyBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^medai_http_body_bytes (\d+)$/m.exec(text)?.[1]);
}

describe('the edge [R-18]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp({
      TRUST_PROXY: '1',
      HTTPS: 'redirect',
      PUBLIC_URL: 'https://medai.example.org',
      CORS_ORIGINS: 'https://portal.example.org, https://other.example.org:8443',
      BODY_MEMORY_MIB: '257',
      HTTP_CONNECTIONS: '20',
    });
  });
  afterAll(() => running.stop());

  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${running.url}${path}`, { method, redirect: 'manual', headers });
  const SECURE = { 'X-Forwarded-Proto': 'https' };

  it('a GET in clear text is sent on, whatever Host it names; what carries more is refused', async () => {
    const moved = await ask('/docs/errors?x=1', { Host: 'evil.example.org' });
    expect([moved.status, moved.headers.get('location')]).toEqual([
      308,
      'https://medai.example.org/docs/errors?x=1',
    ]);
    for (const answer of [
      await ask('/auth/login', {}, 'POST'),
      await ask('/auth/me', { Authorization: 'Bearer x' }),
    ]) {
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'HTTPS_REQUIRED', category: 'AUTH' });
    }
    expect((await ask('/auth/me', SECURE)).status).toBe(401);
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/metrics')).status).toBe(200);
  });

  it('every answer says no-store, HSTS, nosniff, no framing; errors and refusals too', async () => {
    for (const path of ['/health/live', '/auth/me', '/nowhere', '/docs']) {
      const { headers } = await ask(path, SECURE);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('pages of the listed origins may call, no others', async () => {
    const from = async (origin: string): Promise<string | null> =>
      (await ask('/health/live', { ...SECURE, Origin: origin })).headers.get('access-control-allow-origin');
    expect(await from('https://portal.example.org')).toBe('https://portal.example.org');
    expect(await from('https://other.example.org:8443')).toBe('https://other.example.org:8443');
    expect(await from('https://other.example.org')).toBeNull();
    expect(await from('null')).toBeNull();
    const preflight = await ask('/infer', { ...SECURE, Origin: 'https://portal.example.org' }, 'OPTIONS');
    expect([preflight.status, preflight.headers.get('access-control-max-age')]).toEqual([204, '600']);
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('bodies of 256 MiB at once: as many as there is memory for, the others are asked to come again', async () => {
    const login = await fetch(`${running.url}/auth/login`, {
      method: 'POST',
      headers: { ...SECURE, 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'clinician', password: 'a long enough password' }),
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const reserved = (): Promise<number> => bodyBytes(running.url);

    const first = await announce(running.url, '/infer/batch', 'application/json', 256 * MEBIBYTE, token);
    while ((await reserved()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const type of ['application/json', 'multipart/form-data; boundary=x']) {
      const next = await announce(running.url, '/infer/batch', type, 256 * MEBIBYTE, token);
      const answer = String((await once(next, 'data'))[0]);
      expect(answer).toMatch(/^HTTP\/1.1 503 /);
      expect(answer).toMatch(/^Retry-After: 2\r$/m);
      next.destroy();
    }
    const chunked = await fetch(`${running.url}/infer`, {
      method: 'POST',
      headers: { ...SECURE, 'Content-Type': 'image/png', Authorization: `Bearer ${token}` },
      body: new Blob([new Uint8Array(2 * MEBIBYTE)]).stream(),
      duplex: 'half',
    });
    expect(await chunked.json()).toMatchObject({ status: 503, code: 'SERVER_BUSY' });

    first.destroy();
    while ((await reserved()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const last = await announce(running.url, '/infer/batch', 'application/json', 256 * MEBIBYTE, token);
    while ((await reserved()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    last.destroy();
  });

  it('connections beyond the limit are closed at once', async () => {
    const { hostname, port } = new URL(running.url);
    const sockets = Array.from({ length: 40 }, () => connect(Number(port), hostname));
    const closed: Socket[] = [];
    for (const socket of sockets)
      socket.on('error', () => undefined).once('close', () => closed.push(socket));
    while (closed.length < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of sockets) socket.destroy();
    expect(closed.length).toBeLessThan(40);
  });
});

describe('more requests than can be begun [R-18]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp({ ENGINE_QUEUE_LIMIT: '1' });
  });
  afterAll(() => running.stop());

  it('are asked to come again before they cost anything; all else goes on', async () => {
    const token = await running.token('clinician');
    const ask = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`${running.url}${path}`, { method, headers: { Authorization: `Bearer ${token}` } });
    const underWay = await Promise.all(
      Array.from({ length: 129 }, () => announce(running.url, '/infer', 'image/png', 1000, token)),
    );
    while ((await bodyBytes(running.url)) < 129_000) await new Promise((resolve) => setTimeout(resolve, 20));

    const refused = await ask('/infer', 'POST');
    expect(await refused.json()).toMatchObject({ status: 503, code: 'SERVER_BUSY' });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/results')).status).toBe(200);
    expect((await ask('/infer/batch/01890000-0000-7000-8000-000000000000')).status).toBe(404);

    for (const socket of underWay) socket.destroy();
    while ((await ask('/infer', 'POST')).status === 503)
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe('an upload that breaks off [R-07]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(() => running.stop());

  it('is logged and counted as not answered, under its request id', async () => {
    const token = await running.token('clinician');
    const socket = await announce(
      running.url,
      '/infer',
      'image/png',
      1000,
      token,
      'X-Request-Id: broken-off',
    );
    while ((await bodyBytes(running.url)) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    const lines = (): string[] =>
      runLogText()
        .split('\n')
        .filter((line) => line.includes('http.aborted') && line.includes('broken-off'));
    while (lines().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(JSON.parse(lines()[0]!)).toMatchObject({ method: 'POST', route: '/infer', status: 499 });
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toContain(
      'medai_http_request_duration_seconds_count{method="POST",route="/infer",status="499"}',
    );
  });
});

describe('without CORS_ORIGINS [R-18]', () => {
  it('no page of another origin may call', async () => {
    const running = await startApp();
    const { headers } = await fetch(`${running.url}/health/live`, {
      headers: { Origin: 'https://portal.example.org' },
    });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    await running.stop();
  });
});
