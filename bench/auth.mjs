// What the guards cost a request, whether time tells accounts apart, how many logins a second there are and what else
// goes on meanwhile.
//     node bench/auth.mjs [guards] [timing] [flood]
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisServer } from './redis.mjs';
import { ascending, machine, markdown, percentile } from './report.mjs';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { createApp } = require('../dist/app.setup.js');
const { loadConfiguration } = require('../dist/config/configuration.js');
const { openDatabase } = require('../dist/open-database.js');
const { JwtGuard } = require('../dist/auth/access/jwt.guard.js');
const { RolesGuard } = require('../dist/auth/access/roles.guard.js');
const { RateLimitGuard } = require('../dist/auth/limits/rate-limit.guard.js');
const { RevocationStore } = require('../dist/auth/revocation/revocation-store.js');
const { AccessTokens } = require('../dist/auth/tokens/access-tokens.js');
const { SigningKeys } = require('../dist/auth/tokens/signing-keys.service.js');
const { Users } = require('../dist/auth/users/users.service.js');
const { AnyRole } = require('../dist/http/access.decorators.js');
const { Logger } = require('@nestjs/common');
const passport = require('passport');
const { ExtractJwt, Strategy } = require('passport-jwt');
const defaultVerifier = require('passport-jwt/lib/verify_jwt');

const PASSWORD = 'a long enough password';
const REQUESTS = 3_000;
const CONCURRENCY = 16;
const ROUNDS = 3;
Logger.overrideLogger(false);

class Route {}
const handler = () => undefined;
AnyRole()(Route.prototype, 'handler', { value: handler });
const response = { setHeader() {}, getHeader() {} };

function contextOf(token) {
  const request = {
    method: 'GET',
    ip: '127.0.0.1',
    route: { path: '/x' },
    headers: { authorization: `Bearer ${token}` },
  };
  return {
    request,
    getHandler: () => handler,
    getClass: () => Route,
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
  };
}

/** Microseconds of CPU of this process a request. */
async function cost(work) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    let started = 0;
    const before = process.cpuUsage();
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        while (started < REQUESTS) await work(started++, round);
      }),
    );
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / REQUESTS);
  }
  return percentile(rounds.sort(ascending), 0.5);
}

async function application(variables) {
  const dataDir = await mkdtemp(join(tmpdir(), 'medai-bench-'));
  const configuration = loadConfiguration({
    DATA_DIR: dataDir,
    ENGINE_PROCESSES: '1',
    DEMO: 'off',
    RATE_LIMIT_PRINCIPAL: '100000',
    RATE_LIMIT_SOURCE: '1000000',
    LOGIN_SOURCE_THRESHOLD: '1000000',
    LOCKOUT_THRESHOLD: '100',
    ...variables,
  });
  const database = await openDatabase(configuration);
  const app = await createApp(configuration, database.urls, false);
  await app.init();
  const accounts = {};
  for (const username of ['known', 'locked', 'deactivated']) {
    const account = {
      username,
      email: `${username}@example.org`,
      password: PASSWORD,
      role: 'viewer',
      full_name: 'A',
    };
    accounts[username] = await app.get(Users).install(account, { ownPassword: true });
  }
  await app.listen(0, '127.0.0.1');
  return {
    app,
    accounts,
    url: await app.getUrl(),
    async stop() {
      await app.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function chain({ app, accounts }, token) {
  const guards = [app.get(JwtGuard), app.get(RateLimitGuard), app.get(RolesGuard)];
  return cost(async (index, round) => {
    const context = contextOf(typeof token === 'string' ? token : token(index, round));
    for (const guard of guards) if (!(await guard.canActivate(context))) throw new Error('refused');
    if (context.request.user.userId !== accounts.known.id) throw new Error('somebody else');
  });
}

async function passportDefault({ app }, token) {
  const ours = Strategy.JwtVerifier;
  Strategy.JwtVerifier = defaultVerifier;
  const pem = app.get(SigningKeys).current.publicKey.export({ type: 'spki', format: 'pem' });
  const strategy = new Strategy(
    { jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: pem, algorithms: ['ES256'] },
    (claims, done) => done(null, claims),
  );
  const result = await cost(
    () =>
      new Promise((resolve, reject) => {
        const done = (error, user) => (user ? resolve() : reject(error ?? new Error('refused')));
        const { request } = contextOf(token);
        passport.authenticate(Object.create(strategy), { session: false }, done)(request, response, reject);
      }),
  );
  Strategy.JwtVerifier = ours;
  return result;
}

async function guards(memory, shared) {
  const token = ({ app, accounts }) => app.get(AccessTokens).issue(accounts.known, accounts.known.id);
  const fresh = (of) => {
    const tokens = Array.from({ length: ROUNDS }, () => Array.from({ length: REQUESTS }, () => token(of)));
    return (index, round) => tokens[round][index];
  };
  const rows = [['no guard', await cost(async () => contextOf('x'))]];
  rows.push([
    'passport-jwt as it comes, key in PEM; no revocation, no limits',
    await passportDefault(memory, token(memory)),
  ]);
  rows.push(['ours, token never seen, PostgreSQL', await chain(memory, fresh(memory))]);
  rows.push(['ours, token seen, PostgreSQL', await chain(memory, token(memory))]);
  if (shared !== undefined) {
    while (shared.app.get(RevocationStore).answering !== 'redis') await sleep(50);
    rows.push(['ours, token never seen, Redis', await chain(shared, fresh(shared))]);
    rows.push(['ours, token seen, Redis', await chain(shared, token(shared))]);
  }
  const base = rows[1][1];
  return markdown(
    ['guards of one request', 'µs of CPU', 'to passport as it comes'],
    rows.map(([name, us]) => [name, us.toFixed(0), (us / base).toFixed(2)]),
  );
}

async function login(url, username, password) {
  const startedAt = performance.now();
  const answer = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, ms: performance.now() - startedAt };
}

/** Milliseconds that /health/live takes, asked every 10 ms while `condition` holds. */
async function probing(url, condition) {
  const times = [];
  while (condition()) {
    const startedAt = performance.now();
    await (await fetch(`${url}/health/live`)).arrayBuffer();
    times.push(performance.now() - startedAt);
    await sleep(10);
  }
  return times.sort(ascending);
}

async function flood({ url }) {
  const quietUntil = performance.now() + 3_000;
  const quiet = await probing(url, () => performance.now() < quietUntil);
  let over = false;
  let logins = 0;
  const until = performance.now() + 8_000;
  const clients = Array.from({ length: 24 }, async (_, index) => {
    while (performance.now() < until) {
      const { status } = await login(url, index % 2 ? 'known' : `nobody-${index}`, PASSWORD);
      if (status === 200 || status === 401) logins++;
    }
  });
  void Promise.all(clients).then(() => (over = true));
  const flooded = await probing(url, () => !over);
  const row = (name, times) => [name, percentile(times, 0.5).toFixed(1), percentile(times, 0.99).toFixed(1)];
  return (
    `${(logins / 8).toFixed(0)} logins a second (24 clients at once, half of them of names that there are not)\n\n` +
    markdown(['/health/live, ms', 'median', 'p99'], [row('quiet', quiet), row('during the flood', flooded)])
  );
}

async function timing({ app, url }) {
  const wrong = 'a wrong password, long';
  const dataSource = app.get(require('typeorm').DataSource);
  await dataSource.query(
    "UPDATE users SET locked_until = now() + interval '1 hour' WHERE username = 'locked'",
  );
  await dataSource.query("UPDATE users SET is_active = false WHERE username = 'deactivated'");
  const cases = {
    'wrong password': 'known',
    'unknown user': 'nobody',
    locked: 'locked',
    deactivated: 'deactivated',
  };
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let i = 0; i < 200; i++) {
    if (i % 50 === 0) await login(url, 'known', PASSWORD);
    for (const [name, username] of Object.entries(cases))
      times[name].push((await login(url, username, wrong)).ms);
  }
  const quartiles = (values) =>
    [0.25, 0.5, 0.75].map((share) => percentile([...values].sort(ascending), share));
  const wrongs = times['wrong password'];
  return markdown(
    [
      '200 refused logins each, ms',
      'p25',
      'median',
      'p75',
      'median to a wrong password',
      'median of the pairs’ differences',
    ],
    Object.entries(times).map(([name, all]) => {
      const ratio = quartiles(all)[1] / quartiles(wrongs)[1];
      const difference = quartiles(all.map((ms, index) => ms - wrongs[index]))[1];
      return [name, ...quartiles(all).map((ms) => ms.toFixed(2)), ratio.toFixed(3), difference.toFixed(2)];
    }),
  );
}

const redis = await redisServer();
const memory = await application({});
const shared = redis && (await application({ REDIS_URL: redis.url }));
const parts = {
  guards: () => guards(memory, shared),
  timing: () => timing(memory),
  flood: () => flood(memory),
};
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
process.stdout.write(`${machine()}\n\n`);
for (const name of wanted) process.stdout.write(`${await parts[name]()}\n`);
await shared?.stop();
await memory.stop();
redis?.signal('SIGKILL');
process.exit(0);
