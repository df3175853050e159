import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type SigningKey, signingKey } from '../../src/auth/tokens/signing-key';
import { SigningKeys } from '../../src/auth/tokens/signing-keys.service';
import { type Answer, Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let client: Client;
let admin: string;
/** A token of ours, to be changed. */
let good: string;
let ours: SigningKey;
const foreign = signingKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
/** Where a `jku` or `x5u` would have the server fetch from. */
let trap: Server;
let fetched = 0;

beforeAll(async () => {
  running = await startApp({ RATE_LIMIT: 'off', LOGIN_SOURCE_THRESHOLD: '100000' });
  client = new Client(running.url);
  admin = await running.token('admin');
  good = await running.token('viewer');
  ours = running.app.get(SigningKeys).current;
  trap = createServer((_request, response) => {
    fetched++;
    response.end(JSON.stringify({ keys: [foreign.jwk] }));
  }).listen(0, '127.0.0.1');
  await once(trap, 'listening');
});
afterAll(async () => {
  trap.close();
  await running.stop();
});

const usersAndEntries = async (): Promise<{ users: number; entries: number }> =>
  (
    await running.dataSource.query<[{ users: number; entries: number }]>(
      `SELECT (SELECT count(*)::int FROM users) AS users,
         ((SELECT count(*) FROM audit_inbox) + (SELECT count(*) FROM audit_logs))::int AS entries`,
    )
  )[0];

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (token: string, index: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString()) as Record<string, unknown>;

/** The good token with other claims or another header, signed by a key. */
function forged(claims: object = {}, header: object = {}, key: SigningKey = ours): string {
  const text = `${part({ ...decoded(good, 0), ...header })}.${part({ ...decoded(good, 1), ...claims })}`;
  const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function hmac(secret: string | Buffer): string {
  const text = `${part({ ...decoded(good, 0), alg: 'HS256' })}.${part({ ...decoded(good, 1), role: 'admin' })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const trapUrl = (): string => `http://127.0.0.1:${(trap.address() as AddressInfo).port}/keys`;
const now = (): number => Math.floor(Date.now() / 1000);
const pem = (): string => ours.publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe('a token [R-48]', () => {
  it.each<[string, () => string]>([
    ['alg none', () => `${part({ ...decoded(good, 0), alg: 'none' })}.${good.split('.')[1]}.`],
    ['alg nOnE', () => `${part({ ...decoded(good, 0), alg: 'nOnE' })}.${good.split('.')[1]}.`],
    ['an empty signature', () => good.replace(/[^.]+$/, '')],
    ['another role behind our signature', () => good.replace(/\.[^.]+\./, `.${part({ role: 'admin' })}.`)],
    ['HS256 keyed with our public key in PEM', () => hmac(pem())],
    [
      'HS256 keyed with our public key in DER',
      () => hmac(ours.publicKey.export({ type: 'spki', format: 'der' })),
    ],
    ['HS256 keyed with our JWK', () => hmac(JSON.stringify(ours.jwk))],
    ['a foreign key under our kid', () => forged({}, {}, foreign)],
    ['an embedded jwk', () => forged({}, { jwk: foreign.jwk, kid: foreign.kid }, foreign)],
    ['a jku', () => forged({}, { jku: trapUrl(), kid: foreign.kid }, foreign)],
    ['an x5u', () => forged({}, { x5u: trapUrl(), kid: foreign.kid }, foreign)],
    ['crit', () => forged({}, { crit: ['exp'] })],
    ['b64=false', () => forged({}, { crit: ['b64'], b64: false })],
    ['typ JWT, as an ID token has', () => forged({}, { typ: 'JWT' })],
    ['no typ', () => forged({}, { typ: undefined })],
    ['another audience', () => forged({ aud: 'another-api' })],
    ['another issuer', () => forged({ iss: 'https://accounts.example' })],
    ['an expiry that is past', () => forged({ exp: now() - 31 })],
    ['no expiry', () => forged({ exp: undefined })],
    ['an issue that is to come', () => forged({ iat: now() + 120 })],
    ['an account that there is not', () => forged({ sub: '01900000-0000-7000-8000-000000000000' })],
    ['an earlier version of the account', () => forged({ azver: -1 })],
    ['a subject that is SQL', () => forged({ sub: "' OR 1=1 --" })],
    ['a JWE', () => `${part({ alg: 'dir', enc: 'A256GCM' })}..${part('iv')}.${part('text')}.${part('tag')}`],
    ['the JSON form with two signatures', () => JSON.stringify({ payload: 'x', signatures: [{}, {}] })],
    ['5 KB', () => forged({ filler: 'x'.repeat(5_000) })],
    ['dots alone', () => '..'],
    ['an API key that nobody has', () => `mf_${'0'.repeat(16)}_${'A'.repeat(43)}`],
  ])('with %s: 401, one audit entry, nothing fetched', async (_name, make) => {
    const before = await usersAndEntries();
    const answer = await client.get('/admin/secure', make());
    expect(answer).toMatchObject({ status: 401, body: { code: 'AUTH_TOKEN_INVALID', category: 'AUTH' } });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(await usersAndEntries()).toEqual({ users: before.users, entries: before.entries + 1 });
    expect(fetched).toBe(0);
  });

  it('of ours, changed in nothing, counts', async () => {
    expect((await client.get('/auth/me', forged())).status).toBe(200);
  });
});

const PUBLIC_POSTS = ['/auth/login', '/auth/refresh', '/auth/password/reset'];
const CANARY = 'canary-7f3a';

describe.each(PUBLIC_POSTS)('POST %s', (path) => {
  const send = (body: string | Uint8Array<ArrayBuffer>, type?: string, headers = {}): Promise<Response> =>
    fetch(running.url + path, {
      method: 'POST',
      body,
      headers: { ...(type !== undefined && { 'Content-Type': type }), ...headers },
    });

  it.each<[string, string, number, string]>([
    ['truncated JSON', `{"${CANARY}":`, 400, 'REQUEST_MALFORMED_JSON'],
    ['NaN', `{"username":NaN}`, 400, 'REQUEST_MALFORMED_JSON'],
    [
      '1e999, which is parsed as Infinity',
      `{"username":1e999,"refresh_token":1e999}`,
      400,
      'VALIDATION_FAILED',
    ],
    ['__proto__', `{"__proto__":{"role":"${CANARY}"}}`, 400, 'VALIDATION_FAILED'],
    ['constructor.prototype', `{"constructor":{"prototype":{"a":"${CANARY}"}}}`, 400, 'VALIDATION_FAILED'],
    ['a list', `["${CANARY}"]`, 400, 'VALIDATION_FAILED'],
    ['null', 'null', 400, 'VALIDATION_FAILED'],
    ['a text', `"${CANARY}"`, 400, 'VALIDATION_FAILED'],
    ['nothing', '', 400, 'VALIDATION_FAILED'],
    ['a hundred thousand brackets', '['.repeat(100_000), 400, 'REQUEST_MALFORMED_JSON'],
    ['300 KB', `{"username":"${'x'.repeat(300_000)}"}`, 413, 'REQUEST_TOO_LARGE'],
  ])('%s is refused in so many words, and not repeated', async (_name, body, status, code) => {
    const answer = await send(body, 'application/json');
    const text = await answer.text();
    expect([answer.status, (JSON.parse(text) as { code: string }).code]).toEqual([status, code]);
    expect(text).not.toContain(CANARY);
  });

  it.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', undefined])(
    'a body of type %s is 415',
    async (type) => {
      expect((await send(new Uint8Array(Buffer.from('{}')), type)).status).toBe(415);
    },
  );

  it.each([['gzip'], ['gzip, gzip'], ['br']])(
    'a body encoded as %s is 415, and not inflated',
    async (encoding) => {
      const bomb = new Uint8Array(gzipSync(Buffer.alloc(10_000_000, '{')));
      expect((await send(bomb, 'application/json', { 'Content-Encoding': encoding })).status).toBe(415);
    },
  );

  it('is never kept by a cache, whatever the answer', async () => {
    expect((await send('{}', 'application/json')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('POST /users', () => {
  const account = {
    username: 'mass.assignment',
    email: 'mass@example.org',
    password: PASSWORD,
    role: 'viewer',
    full_name: 'A',
  };

  it.each<[string, object]>([
    ['the id', { user_id: '01900000-0000-7000-8000-000000000000' }],
    ['the hash', { password_hash: '$argon2id$x' }],
    ['the state', { is_active: true }],
    ['the version of tokens', { token_version: 9 }],
    ['the creator', { created_by: 'me' }],
    ['the tenant', { tenantId: 'x' }],
    ['two roles', { role: ['viewer', 'admin'] }],
    ['a role that there is not', { role: 'superuser' }],
    ['a role of another case', { role: 'Admin' }],
    ['NUL in a name', { full_name: 'a\0b' }],
    ['a lone surrogate in a name', { full_name: 'a\ud800' }],
    ['a name of two lines', { full_name: 'a\r\nSet-Cookie: x=1' }],
    ['an e-mail that is none', { email: 'a@b' }],
    ['an e-mail of two lines', { email: 'a@example.org\nBcc: b@example.org' }],
    ['16 characters of emoji in 15 code points less one', { password: '😀'.repeat(14) }],
  ])('refuses %s with 400 and makes no account', async (_name, changes) => {
    const { users } = await usersAndEntries();
    const answer = await client.post('/users', admin, { ...account, ...changes });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await usersAndEntries()).users).toBe(users);
  });
});

describe('GET /users', () => {
  it.each([
    'sort=id;drop table users',
    'skip=-1',
    'skip=99999999999999999999',
    'limit=0',
    'limit=101',
    'limit=1e1',
    'role=god',
    'role=admin&role=viewer',
    'username=a&username=b',
    'username[$ne]=x',
    'is_active=1',
    `username=${'x'.repeat(257)}`,
    'username=%00',
    '__proto__[role]=admin',
  ])('?%s is 400', async (query) => {
    expect((await client.get(`/users?${query}`, admin)).status).toBe(400);
  });

  it.each(["' OR 1=1 --", '%', '_', "admin'; DROP TABLE users; --", '$1'])(
    '?username=%s is looked for as it stands',
    async (name) => {
      const answer = await client.get(`/users?username=${encodeURIComponent(name)}`, admin);
      expect(answer).toMatchObject({ status: 200, body: { total: 0, items: [] } });
    },
  );

  it.each([
    "1' OR '1'='1",
    '../users',
    '%2e%2e%2f',
    '00000000-0000-0000-0000-00000000000g',
    '%00',
    '9'.repeat(400),
  ])('/%s is no id: 400 or 404', async (id) => {
    expect([400, 404]).toContain(
      (await client.get(`/users/${id.includes('%') ? id : encodeURIComponent(id)}`, admin)).status,
    );
  });
});

/** What was answered to a request that no client library would send. */
async function raw(...lines: string[]): Promise<string> {
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}

describe('headers', () => {
  it('of two Authorization headers the first counts, whatever the second says', async () => {
    const bad = 'Authorization: Bearer x.y.z';
    const right = `Authorization: Bearer ${admin}`;
    expect(await raw('GET /admin/secure HTTP/1.1', 'Host: x', bad, right)).toMatch(/^HTTP\/1.1 401/);
    expect(await raw('GET /admin/secure HTTP/1.1', 'Host: x', right, bad)).toMatch(/^HTTP\/1.1 200/);
  });

  it.each([
    ['20 KB of Authorization', [`Authorization: Bearer ${'x'.repeat(20_000)}`], 431],
    ['a line break in Authorization', ['Authorization: Bearer a\n b'], 400],
    ['NUL in Authorization', ['Authorization: Bearer a\0b'], 400],
    ['a thousand headers', Array.from({ length: 3_000 }, (_, i) => `X-${i}: 1`), 431],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6'], 400],
    ['length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], 400],
  ])('%s is refused before anything is looked up', async (_name, lines, status) => {
    expect(await raw('POST /auth/login HTTP/1.1', 'Host: x', ...lines)).toMatch(
      new RegExp(`^HTTP/1.1 ${status}`),
    );
  });

  it.each(['TRACE', 'PROPFIND', 'DELETE'])('%s of a route is no way around its guards', async (method) => {
    const answer = await raw(`${method} /users HTTP/1.1`, 'Host: x', `Authorization: Bearer ${admin}`);
    expect(answer).toMatch(/^HTTP\/1.1 405/);
    expect(answer).toMatch(/\r\nAllow: GET, HEAD, POST\r\n/);
    expect(answer).not.toContain(admin);
  });

  it('a path that there is not is 404 by every method, a HEAD of a route is its GET', async () => {
    for (const method of ['GET', 'DELETE', 'TRACE'])
      expect(await raw(`${method} /nowhere HTTP/1.1`, 'Host: x')).toMatch(/^HTTP\/1.1 404/);
    expect(await raw('HEAD /health/live HTTP/1.1', 'Host: x')).toMatch(/^HTTP\/1.1 200/);
    expect(await raw('POST /health/live HTTP/1.1', 'Host: x')).toMatch(/^HTTP\/1.1 405/);
  });

  it('an unknown method is no HTTP of ours', async () => {
    expect(await raw('HACK /users HTTP/1.1', 'Host: x')).toMatch(/^HTTP\/1.1 400/);
  });

  it('another origin is told nothing by CORS, with or without a preflight', async () => {
    const evil = { Origin: 'https://evil.example' };
    const answers = [
      await client.call('GET', '/auth/me', { token: good, headers: evil }),
      await client.call('OPTIONS', '/auth/login', {
        headers: { ...evil, 'Access-Control-Request-Method': 'POST' },
      }),
    ];
    for (const { headers } of answers)
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('colours, line breaks and JSON in User-Agent and X-Request-Id reach neither the trail nor the answer', async () => {
    const agent = '\u001b[31mred\u001b[0m {"level":"fatal"} Mozilla/5.0';
    const answer = await raw(
      'GET /auth/me HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${good}`,
      `User-Agent: ${agent}`,
      'X-Request-Id: <script>alert(1)</script>',
    );
    expect(answer.slice(0, 12)).toMatch(/400|200/);
    expect(answer).not.toContain('script');
    const [row] = await running.dataSource.query<[{ agents: (string | null)[] }]>(
      `SELECT array_agg(DISTINCT canonical::jsonb ->> 'user_agent') AS agents
       FROM (SELECT canonical FROM audit_inbox UNION ALL SELECT canonical FROM audit_logs) AS entries`,
    );
    expect(row.agents.filter((text) => text !== null && /[^\w./ -]/.test(text))).toEqual([]);
  });
});

describe('a login [R-51]', () => {
  it('with colours and line breaks in the name is one refused login like any other', async () => {
    const before = await usersAndEntries();
    const answer: Answer = await client.login('\u001b[2J\r\n{"level":"fatal"}', 'a wrong password, long');
    expect(answer).toMatchObject({ status: 401, body: { code: 'AUTH_INVALID_CREDENTIALS' } });
    expect((await usersAndEntries()).entries).toBe(before.entries + 1);
  });

  it('after all of this the server is alive, and accounts are as they were', async () => {
    expect((await client.get('/health/live')).status).toBe(200);
    expect((await client.login('viewer', PASSWORD)).status).toBe(200);
    const { items } = (await client.get('/users?limit=100', admin)).body;
    expect(items.map(({ username }: { username: string }) => username).sort()).toEqual(
      ['admin', 'approver', 'auditor', 'clinician', 'integration', 'model_manager', 'viewer'].sort(),
    );
  });
});
