import { Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const LIMITS = { RATE_LIMIT_PRINCIPAL: '2', RATE_LIMIT_SOURCE: '8', LOGIN_SOURCE_THRESHOLD: '12' };
let running: RunningApp;
let client: Client;

beforeAll(async () => {
  running = await startApp(LIMITS);
  client = new Client(running.url);
});
afterAll(() => running.stop());

describe('limits on requests', () => {
  it('GET /health › says that each replica counts by itself, and where revoked tokens are looked up', async () => {
    const { body } = await client.get('/health', await running.token('admin'));
    expect(body.components.redis).toMatchObject({
      status: 'healthy',
      configured: false,
      answers: false,
      rate_limits: 'per replica',
      revocations: 'postgresql',
    });
  });

  it('a principal that asks too often gets 429 with Retry-After and RateLimit headers; others go on [R-54]', async () => {
    const viewer = await running.token('viewer');
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.get('/auth/me', viewer)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(20);
    expect(refused[0]!.body).toMatchObject({ code: 'RATE_LIMITED', category: 'RATE_LIMIT' });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused[0]!.headers.get('ratelimit-limit')).toBe('20');
    expect(refused[0]!.headers.get('ratelimit-remaining')).toBe('0');
    expect((await client.get('/auth/me', await running.token('clinician'))).status).toBe(200);
  });

  it('a limited principal can still log out, and probes answer', async () => {
    const integration = await running.token('integration');
    await Promise.all(Array.from({ length: 25 }, () => client.get('/auth/me', integration)));
    expect((await client.post('/auth/logout', integration)).status).toBe(200);
    for (const path of ['/health/live', '/health/ready', '/version', '/metrics'])
      expect((await client.get(path)).status).toBe(200);
  });

  it('a source that fails too many logins is limited, whatever the names; its right logins count for nothing', async () => {
    for (let i = 0; i < 3; i++) expect((await client.login('clinician', PASSWORD)).status).toBe(200);
    const sprayed = await Promise.all(
      Array.from({ length: 20 }, (_, i) => client.login(`name-${i}`, 'a wrong password, long')),
    );
    const statuses = sprayed.map(({ status }) => status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(7);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(13);
  });

  it('a flood of bad tokens from one source is 429, and not an audit entry each', async () => {
    const count = async (): Promise<number> =>
      (await running.dataSource.query('SELECT count(*)::int AS count FROM audit_inbox'))[0].count +
      (await running.dataSource.query('SELECT count(*)::int AS count FROM audit_logs'))[0].count;
    const before = await count();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        client.call('GET', '/auth/me', { token: 'x.y.z', headers: { 'X-Forwarded-For': `203.0.113.${i}` } }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toContain(429);
    const unauthorized = answers.filter(({ status }) => status === 401).length;
    expect(unauthorized).toBeLessThan(200);
    expect((await count()) - before).toBeLessThanOrEqual(unauthorized + 1);
  });
});

describe('behind one proxy (TRUST_PROXY=1)', () => {
  let behind: RunningApp;
  beforeAll(async () => {
    behind = await startApp({ TRUST_PROXY: '1', LOGIN_SOURCE_THRESHOLD: '3' });
  });
  afterAll(() => behind.stop());

  it('the source is the address that the proxy added last, whatever the sender wrote before it', async () => {
    const from = async (forwarded: string): Promise<number> =>
      (
        await new Client(behind.url).login('nobody', 'a wrong password, long', {
          'X-Forwarded-For': forwarded,
        })
      ).status;
    const forged = ['198.51.100.1', '198.51.100.2', '10.0.0.1', '::1'].map((lie) => `${lie}, 203.0.113.9`);
    const answers = [];
    for (const forwarded of forged) answers.push(await from(forwarded));
    expect(answers).toEqual([401, 401, 401, 429]);
    expect(await from('203.0.113.9, 203.0.113.10')).toBe(401);
  });
});
