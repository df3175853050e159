import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Users } from '../../src/auth/users/users.service';
import { Environment } from '../../src/config/environment';
import { TracingConfig } from '../../src/config/tracing.config';
import { startTracing, stopTracing } from '../../src/tracing/tracing';
import { Client } from '../harness/client';
import { freePort } from '../harness/redis-server';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';
import { TraceCollector } from '../harness/trace-collector';

jest.setTimeout(60_000);

const CALLBACK = 'http://127.0.0.1:1/auth/sso/callback';
const people = {
  ann: { name: 'Ann A', preferred_username: 'ann', email: 'ann@clinic.example', groups: ['radiology'] },
  eve: { name: 'Eve', preferred_username: 'Admin', email: 'admin@example.org', groups: ['radiology'] },
  bob: { name: 'Bob', preferred_username: 'bob', groups: ['visitors'] },
  ada: { name: 'Ada', preferred_username: 'ada', groups: ['it', 'radiology'] },
};

let provider: ChildProcess;
let running: RunningApp;
let client: Client;

beforeAll(async () => {
  const port = await freePort();
  provider = spawn(
    process.execPath,
    [resolve('test/fixtures/oidc-provider.mjs'), String(port), CALLBACK, JSON.stringify(people)],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await once(provider.stdout!, 'data');
  running = await startApp({
    OIDC_ISSUER: `http://127.0.0.1:${port}`,
    OIDC_CLIENT_ID: 'medai-flow',
    OIDC_CLIENT_SECRET: 'a secret of the test alone',
    OIDC_ROLES: 'it=admin,radiology=clinician',
    PUBLIC_URL: 'http://127.0.0.1:1',
  });
  client = new Client(running.url);
});
afterAll(async () => {
  await running.stop();
  provider.kill('SIGKILL');
});

describe('tracing [R-23]', () => {
  it('the provider is asked in the trace of the login, and outside of every trace while tracing is off', async () => {
    const asked: string[] = [];
    createInterface({ input: provider.stdout! }).on('line', (line) => asked.push(line));
    const tokenCalls = (): string[] =>
      asked.filter((line) => line.startsWith('traceparent') && line.endsWith('/token'));
    await logIn('ann');
    while (tokenCalls().length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
    const collector = await TraceCollector.start();
    await startTracing(new TracingConfig(new Environment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })));
    await logIn('ann');
    while (tokenCalls().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await stopTracing();
    collector.stop();
    expect(tokenCalls()[0]).toBe('traceparent none /token');
    const [, trace, span] = /^traceparent 00-([0-9a-f]{32})-([0-9a-f]{16})-01 /.exec(tokenCalls()[1]!)!;
    const call = collector.spans.find(({ spanId }) => spanId === span)!;
    expect(call).toMatchObject({ name: 'identity provider', traceId: trace });
    const request = collector.spans.find(({ spanId }) => spanId === call.parentSpanId);
    expect(request?.name).toBe('GET /auth/sso/callback');
  });
});

interface Start {
  readonly url: URL;
  readonly cookie: string;
}

async function start(): Promise<Start> {
  const answer = await client.get('/auth/sso');
  expect(answer.status).toBe(302);
  const cookie = answer.headers.getSetCookie()[0]!;
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Lax/);
  return { url: new URL(answer.headers.get('location')!), cookie: cookie.split(';')[0]! };
}

/** Follows the provider's redirects as a browser does. @returns the query of the callback */
async function atProvider(url: URL, person: string): Promise<string> {
  url.searchParams.set('login_hint', person);
  const jar = new Map<string, string>();
  let at = url.href;
  while (!at.startsWith(CALLBACK)) {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [name, ...value] = set.split(';')[0]!.split('=');
      jar.set(name!, value.join('='));
    }
    at = new URL(answer.headers.get('location')!, at).href;
  }
  return new URL(at).search;
}

const finish = (query: string, cookie: string): ReturnType<Client['call']> =>
  client.call('GET', `/auth/sso/callback${query}`, { headers: { Cookie: cookie } });

async function logIn(person: string): ReturnType<Client['call']> {
  const { url, cookie } = await start();
  return finish(await atProvider(url, person), cookie);
}

describe('single sign-on', () => {
  it('asks for a code with PKCE, state and nonce', async () => {
    const { url } = await start();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('makes one account for a person, with the role of their group, and logs them in', async () => {
    const [first, second] = await Promise.all([logIn('ann'), logIn('ann')]);
    expect([first.status, second.status]).toEqual([200, 200]);
    const me = (await client.get('/auth/me', first.body.access_token)).body;
    expect(me).toMatchObject({
      username: 'ann',
      role: 'clinician',
      full_name: 'Ann A',
      email: 'ann@clinic.example',
    });
    expect((await client.get('/auth/me', second.body.access_token)).body.user_id).toBe(me.user_id);
    expect(
      (await client.post('/auth/refresh', undefined, { refresh_token: first.body.refresh_token })).status,
    ).toBe(200);
    expect((await client.login('ann', PASSWORD)).status).toBe(401); // no password
  });

  it('a person who claims the name and e-mail of an account does not get that account', async () => {
    const { body } = await logIn('eve');
    const me = (await client.get('/auth/me', body.access_token)).body;
    expect(me.username).toMatch(/^admin-[0-9a-f]{12}$/);
    expect(me.role).toBe('clinician');
    expect(me.email).toMatch(/@sso\.invalid$/);
    expect((await client.get('/admin/secure', body.access_token)).status).toBe(403);
  });

  it('a person in no group with a role is 403, and no account is made', async () => {
    expect(await logIn('bob')).toMatchObject({ status: 403, body: { code: 'AUTH_FORBIDDEN' } });
    expect(await running.app.get(Users).findByUsername('bob')).toBeNull();
  });

  it('the first group of the map decides; a role changed in between is set back and ends older tokens', async () => {
    const first = (await logIn('ada')).body.access_token;
    expect((await client.get('/admin/secure', first)).status).toBe(200);
    const id = (await client.get('/auth/me', first)).body.user_id;
    const admin = await running.token('admin');
    await client.call('PATCH', `/users/${id}`, { token: admin, body: { role: 'viewer' } });
    const second = (await logIn('ada')).body.access_token;
    expect((await client.get('/auth/me', second)).body.role).toBe('admin');
  });

  it('a deactivated account stays out', async () => {
    const { access_token } = (await logIn('ann')).body;
    const id = (await client.get('/auth/me', access_token)).body.user_id;
    await client.post(`/users/${id}/deactivate`, await running.token('admin'));
    expect((await client.get('/auth/me', access_token)).status).toBe(401);
    expect(await logIn('ann')).toMatchObject({ status: 401, body: { code: 'AUTH_INVALID_CREDENTIALS' } });
  });

  it('a callback counts once, in the browser that left, with the state that left', async () => {
    const { url, cookie } = await start();
    const query = await atProvider(url, 'ada');
    const other = await start();
    expect((await finish(query, other.cookie)).status).toBe(401);
    expect((await finish(query, '')).status).toBe(401);
    const forged = query.replace(/state=[^&]+/, `state=${'A'.repeat(43)}`);
    expect((await finish(forged, cookie)).status).toBe(401);
    expect((await finish(query, cookie)).status).toBe(200);
    expect((await finish(query, cookie)).status).toBe(401);
  });

  it('a code of another login, a forged issuer, an error and nothing at all are 401', async () => {
    const [mine, foreign] = [await start(), await start()];
    const foreignCode = /code=([^&]+)/.exec(await atProvider(foreign.url, 'ada'))![1]!;
    const state = mine.url.searchParams.get('state')!;
    expect((await finish(`?code=${foreignCode}&state=${state}`, mine.cookie)).status).toBe(401);
    const second = await start();
    const query = await atProvider(second.url, 'ada');
    const mixedUp = query.replace(/iss=[^&]+/, `iss=${encodeURIComponent('https://evil.example')}`);
    expect((await finish(mixedUp, second.cookie)).status).toBe(401);
    const third = await start();
    const denied = `?error=access_denied&state=${third.url.searchParams.get('state')}`;
    expect((await finish(denied, third.cookie)).status).toBe(401);
    expect((await finish('', '')).status).toBe(401);
  });

  it('while the provider is away it says 502 with Retry-After, and passwords go on', async () => {
    const { url, cookie } = await start();
    const query = await atProvider(url, 'ada');
    provider.kill('SIGSTOP');
    const answer = await finish(query, cookie);
    provider.kill('SIGCONT');
    expect(answer).toMatchObject({ status: 502, body: { code: 'SSO_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await running.token('viewer')).toBeDefined();
  });
});
