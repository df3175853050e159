// Two replicas while Redis fails: how many revoked tokens were admitted, and how long requests took. Then many logins at
// once at both.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.mjs';
import { redisServer } from './redis.mjs';
import { ascending, machine, markdown, percentile } from './report.mjs';
import { start } from './servers.mjs';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { loadConfiguration } = require('../dist/config/configuration.js');
const { openDatabase } = require('../dist/open-database.js');
const { signingKey } = require('../dist/auth/tokens/signing-key.js');
const { createPrivateKey } = require('node:crypto');
const { sign } = require('jsonwebtoken');
const { Client: Postgres } = require('pg');
require('@nestjs/common').Logger.overrideLogger(false);

const ADMIN = { username: 'admin', password: 'the password of the benchmark' };
const RUN_MS = 4_000;
const REVOKERS = 4;
const READERS = 4;

const redis = await redisServer();
if (redis === undefined) throw new Error('there is no redis-server here');
const dataDir = await mkdtemp(join(tmpdir(), 'medai-bench-'));
const database = await openDatabase(loadConfiguration({ DATA_DIR: dataDir, DEMO: 'off' }));
const replicas = [];
for (let i = 0; i < 2; i++)
  replicas.push(
    await start(['dist/main.js'], {
      DATABASE_URL: database.urls.migration,
      DATA_DIR: dataDir,
      REDIS_URL: redis.url,
      ADMIN_PASSWORD: ADMIN.password,
      PORT: '0',
      DEMO: 'off',
      ENGINE_PROCESSES: '1',
      LOG_LEVEL: 'fatal',
      RATE_LIMIT: 'off',
      LOGIN_SOURCE_THRESHOLD: '1000000',
    }),
  );

async function ask(url, path, { token, method = 'GET' } = {}) {
  const startedAt = performance.now();
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(url + path, { method, headers }).catch(() => ({ status: 0 }));
  await answer.arrayBuffer?.();
  return { status: answer.status, ms: performance.now() - startedAt };
}

/** Tokens as the replicas issue them, without the cost of a login each. */
async function issuer() {
  const key = signingKey(createPrivateKey(await readFile(join(dataDir, 'secrets', 'jwt_signing_key'))));
  const client = new Client(replicas[0].url);
  const { Authorization } = await client.logIn(ADMIN);
  const { sub, azver } = JSON.parse(Buffer.from(Authorization.split('.')[1], 'base64url'));
  return () => {
    const claims = { role: 'admin', sid: randomUUID(), azver, nbf: Math.floor(Date.now() / 1000) };
    return sign(claims, key.privateKey, {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      issuer: 'medai-flow',
      audience: 'medai-flow-api',
      subject: sub,
      jwtid: randomUUID(),
      expiresIn: 600,
    });
  };
}

async function underLoad(issue, fault) {
  const counts = { revoked: 0, admitted: 0, refused: 0, unavailable: 0 };
  const times = [];
  const until = new AbortController();
  const me = async (replica, token) => {
    const { status, ms } = await ask(replica.url, '/auth/me', { token });
    times.push(ms);
    if (status !== 200 && status !== 401) counts.unavailable++;
    return status;
  };
  const revoker = async (index) => {
    while (!until.signal.aborted) {
      const token = issue();
      if ((await me(replicas[index % 2], token)) === 401) counts.refused++;
      const logout = await ask(replicas[index % 2].url, '/auth/logout', { token, method: 'POST' });
      if (logout.status !== 200) continue;
      counts.revoked++;
      for (const status of await Promise.all(replicas.map((replica) => me(replica, token))))
        if (status === 200) counts.admitted++;
    }
  };
  const steady = issue();
  const reader = async (index) => {
    while (!until.signal.aborted) if ((await me(replicas[index % 2], steady)) === 401) counts.refused++;
  };
  const load = [
    ...Array.from({ length: REVOKERS }, (_, index) => revoker(index)),
    ...Array.from({ length: READERS }, (_, index) => reader(index)),
  ];
  await fault();
  until.abort();
  await Promise.all(load);
  times.sort(ascending);
  return { ...counts, asked: times.length, times };
}

async function again(count, each, act) {
  for (let i = 0; i < count; i++) {
    await sleep(each);
    await act();
  }
}

const FAULTS = {
  runs: () => sleep(RUN_MS),
  'is flushed 20 times': () => again(20, RUN_MS / 20, () => redis.command('FLUSHALL')),
  'evicts the list 20 times': () => again(20, RUN_MS / 20, () => redis.command('DEL', 'medai:revocations')),
  'is killed, and comes back empty': async () => {
    await sleep(RUN_MS / 4);
    redis.signal('SIGKILL');
    await sleep(RUN_MS / 2);
    redis.startAgain();
    await sleep(RUN_MS / 4);
  },
  'stops (SIGSTOP), and goes on': async () => {
    await sleep(RUN_MS / 4);
    redis.signal('SIGSTOP');
    await sleep(RUN_MS / 2);
    redis.signal('SIGCONT');
    await sleep(RUN_MS / 4);
  },
  'is full (noeviction)': async () => {
    await sleep(RUN_MS / 4);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await sleep(RUN_MS / 2);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await sleep(RUN_MS / 4);
  },
};

async function faults() {
  const issue = await issuer();
  await sleep(1_000); // until both replicas trust Redis
  const rows = [];
  for (const [name, fault] of Object.entries(FAULTS)) {
    const { revoked, admitted, refused, unavailable, asked, times } = await underLoad(issue, fault);
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(times, share).toFixed(0));
    rows.push([name, asked, revoked, admitted, refused, unavailable, p50, p99, max]);
    await sleep(1_500);
  }
  return markdown(
    [
      'Redis …',
      'requests',
      'tokens revoked',
      'wrongly admitted',
      'wrongly refused',
      'neither',
      'p50 ms',
      'p99 ms',
      'max ms',
    ],
    rows,
  );
}

async function logins() {
  const client = new Client(replicas[0].url);
  const account = await client.createAccount(await client.logIn(ADMIN), 'viewer');
  const postgres = new Postgres({ connectionString: database.urls.migration });
  await postgres.connect();
  const attempt = async (index, password) => {
    const answer = await fetch(`${replicas[index % 2].url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: account.username, password }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const both = async (name, count, password) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => attempt(index, password)));
    const { rows } = await postgres.query(
      'SELECT failed_login_attempts AS verified, locked_until > now() AS locked FROM users WHERE username = $1',
      [account.username],
    );
    const of = (status) => answers.filter((each) => each === status).length;
    return [name, count, of(200), of(401), rows[0].verified, rows[0].locked ? 'yes' : 'no'];
  };
  const rows = [
    await both('right passwords', 40, account.password),
    await both('wrong passwords', 100, 'a wrong password, long'),
    await both('right passwords, the account being locked', 10, account.password),
  ];
  await postgres.end();
  return markdown(
    ['at once, half at each replica', 'logins', '200', '401', 'failures counted', 'locked'],
    rows,
  );
}

process.stdout.write(`${machine()}\n\n${await logins()}\n${await faults()}`);
for (const replica of replicas) await replica.stop();
await database.close();
await rm(dataDir, { recursive: true, force: true });
redis.signal('SIGKILL');
process.exit(0);
