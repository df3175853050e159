import { setTimeout as sleep } from 'node:timers/promises';
import { RevocationStore } from '../../src/auth/revocation/revocation-store';
import { Users } from '../../src/auth/users/users.service';
import { type Answer, Client } from '../harness/client';
import { RedisServer, describeWithRedis } from '../harness/redis-server';
import { startReplica } from '../harness/replica';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';
import type { ServerProcess } from '../harness/server-process';
import { administer } from '../harness/server';

jest.setTimeout(120_000);

let running: RunningApp;
let replica: ServerProcess;
/** Two servers, each a process of its own, on one database. */
let here: Client;
let there: Client;
let admin: string;
let made = 0;

interface Account {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

async function account(): Promise<Account> {
  const username = `person-${++made}`;
  const user = await running.app
    .get(Users)
    .install(
      { username, email: `${username}@example.org`, password: PASSWORD, role: 'viewer', full_name: 'A' },
      { ownPassword: true },
    );
  const { access_token: token } = (await here.login(username, PASSWORD)).body;
  return { id: user!.id, username, token };
}

const ENDINGS: Readonly<Record<string, (at: Client, account: Account) => Promise<Answer>>> = {
  'a logout': (at, { token }) => at.post('/auth/logout', token),
  'a change of the password': (at, { token }) =>
    at.post('/auth/password', token, { current_password: PASSWORD, new_password: 'quite another password' }),
  'a change of the role': (at, { id }) =>
    at.call('PATCH', `/users/${id}`, { token: admin, body: { role: 'clinician' } }),
  'a deactivation': (at, { id }) => at.post(`/users/${id}/deactivate`, admin),
  'a reset of the password': (at, { id }) => at.post(`/users/${id}/reset-password`, admin),
  'an unlock after compromise': (at, { id }) =>
    at.post(`/users/${id}/unlock`, admin, { revoke_sessions: true }),
};

async function start(variables: Record<string, string>): Promise<void> {
  running = await startApp({ RATE_LIMIT: 'off', ...variables });
  replica = await startReplica(running, { RATE_LIMIT: 'off', ...variables });
  [here, there] = [new Client(running.url), new Client(replica.url)];
  admin = await running.token('admin');
}

async function stop(): Promise<void> {
  await replica.end('SIGKILL');
  await running.stop();
}

/** A token is ended at one server and then sent to both; and the other way round. */
async function answersAfter(end: (typeof ENDINGS)[string]): Promise<string[]> {
  const answers: string[] = [];
  for (const [at, other] of [
    [here, there],
    [there, here],
  ] as const) {
    const ended = await account();
    expect((await other.get('/auth/me', ended.token)).status).toBe(200); // verified once, and remembered
    expect((await end(at, ended)).status).toBe(200);
    for (const { status, body } of await Promise.all(
      [other, at].map((to) => to.get('/auth/me', ended.token)),
    ))
      answers.push(`${status} ${body.code}`);
  }
  return answers;
}

const REFUSED = Array<string>(4).fill('401 AUTH_TOKEN_INVALID');

describe('two replicas with PostgreSQL alone [R-49]', () => {
  beforeAll(() => start({}));
  afterAll(stop);

  it.each(Object.entries(ENDINGS))(
    '%s at one counts at the other with the next request',
    async (_name, end) => {
      expect(await answersAfter(end)).toEqual(REFUSED);
    },
  );
});

describeWithRedis('two replicas with Redis [R-49]', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
    await start({ REDIS_URL: redis.url });
    await trusted();
  });
  afterAll(async () => {
    await stop();
    await redis.kill();
  });

  async function trusted(): Promise<void> {
    const asks = async (): Promise<boolean[]> =>
      Promise.all(
        [here, there].map(async (server) => {
          const { body } = await server.get('/health', admin);
          return body.components.redis.revocations === 'redis';
        }),
      );
    while (!(await asks()).every(Boolean)) await sleep(50);
  }

  it('GET /health › says that limits are shared and revoked tokens are looked up in Redis', async () => {
    for (const server of [here, there])
      expect((await server.get('/health', admin)).body.components.redis).toMatchObject({
        status: 'healthy',
        configured: true,
        answers: true,
        rate_limits: 'shared',
        revocations: 'redis',
      });
  });

  it.each(Object.entries(ENDINGS))(
    '%s at one counts at the other with the next request',
    async (_name, end) => {
      expect(await answersAfter(end)).toEqual(REFUSED);
    },
  );

  it('also while Redis hangs, when it goes on, when it is killed, and when it comes back empty', async () => {
    const end = ENDINGS['a logout']!;
    redis.pause();
    expect(await answersAfter(end)).toEqual(REFUSED);
    expect(running.app.get(RevocationStore).answering).toBe('postgresql');
    redis.resume();
    expect(await answersAfter(end)).toEqual(REFUSED);
    await redis.kill();
    expect(await answersAfter(end)).toEqual(REFUSED);
    const { body } = await here.get('/health', admin);
    expect(body.components.redis).toMatchObject({ answers: false, rate_limits: 'per replica' });
    await redis.startAgain();
    expect(await answersAfter(end)).toEqual(REFUSED);
    await trusted();
    expect(await answersAfter(end)).toEqual(REFUSED);
  });

  it('with Redis and PostgreSQL away a token is answered with 503, never 200 and never 401; both come back', async () => {
    const { token } = await account();
    const database = new URL(running.database.url).pathname.slice(1);
    await redis.kill();
    await administer(
      `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
    );
    const answers = await Promise.all(
      [here, there].flatMap((server) => Array.from({ length: 5 }, () => server.get('/auth/me', token))),
    );
    await administer(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await redis.startAgain();
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(503));
    expect(answers[0]!.body).toMatchObject({ code: 'DATABASE_UNAVAILABLE', category: 'DATABASE' });
    for (const server of [here, there]) {
      for (let tries = 0; tries < 100; tries++) {
        if ((await server.get('/auth/me', token)).status === 200) break;
        await sleep(100);
      }
      expect((await server.get('/auth/me', token)).status).toBe(200);
    }
  });
});
