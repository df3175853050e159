import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { type Algorithm, sign } from 'jsonwebtoken';
import { DataSource } from 'typeorm';
import { ClientAssertions } from '../../src/auth/service-keys/client-assertions.service';
import { Users } from '../../src/auth/users/users.service';
import { assertionKey } from '../../src/auth/service-keys/service-key';
import { type Answer, Client } from '../harness/client';
import { type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
let client: Client;
let admin: string;
let id: string;

beforeAll(async () => {
  running = await startApp({ PUBLIC_URL: 'https://medai.example' });
  client = new Client(running.url);
  admin = await running.token('admin');
  id = (await running.app.get(Users).findByUsername('integration'))!.id;
});
afterAll(() => running.stop());
afterEach(() =>
  running.dataSource.query('UPDATE service_keys SET revoked_at = now() WHERE revoked_at IS NULL'),
);

const createKey = (body: object, user = id): Promise<Answer> =>
  client.post(`/users/${user}/keys`, admin, { kind: 'api_key', name: 'PACS gateway', ...body });
const me = (key: string): Promise<Answer> => client.get('/auth/me', key);

describe('/users/{id}/keys', () => {
  it('an API key acts as its account on every route, is shown once, and shows its last use', async () => {
    const { status, body } = await createKey({ expires_in_days: 30 });
    expect(status).toBe(201);
    expect(body.api_key).toMatch(/^mf_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(await me(body.api_key)).toMatchObject({ status: 200, body: { username: 'integration' } });
    expect((await client.get('/results', body.api_key)).status).toBe(200);
    expect((await client.get('/users', body.api_key)).status).toBe(403);

    const { items } = (await client.get(`/users/${id}/keys`, admin)).body;
    expect(items[0]).toMatchObject({ key_id: body.key_id, name: 'PACS gateway', revoked_at: null });
    expect(items[0].last_used_at).not.toBeNull();
    expect(JSON.stringify(items)).not.toContain(body.api_key.slice(-43));
    const stored = await running.dataSource.query('SELECT * FROM service_keys');
    expect(JSON.stringify(stored)).not.toContain(body.api_key.slice(-43));
    const used = await client.get(
      '/audit?sequenced=wait&action=result.listed',
      await running.token('auditor'),
    );
    expect(used.body.items[0]).toMatchObject({ actor_id: id, details: { service_key_id: body.key_id } });
    const days = (Date.parse(items[0].expires_at) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
  });

  it('revoke › counts with the next request, and only a key of that account', async () => {
    const { api_key, key_id } = (await createKey({})).body;
    const other = (await running.app.get(Users).findByUsername('viewer'))!.id;
    expect((await client.post(`/users/${other}/keys/${key_id}/revoke`, admin)).status).toBe(404);
    expect((await me(api_key)).status).toBe(200);
    expect((await client.post(`/users/${id}/keys/${key_id}/revoke`, admin)).status).toBe(200);
    expect(await me(api_key)).toMatchObject({ status: 401, body: { code: 'AUTH_TOKEN_INVALID' } });
    const trail = await client.get(`/audit?sequenced=wait&object_id=${id}`, await running.token('auditor'));
    expect(trail.body.items.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['key.created', 'key.revoked']),
    );
  });

  it('two of a kind at once, also when asked for at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => createKey({})));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('SERVICE_KEY_LIMIT');
  });

  it('counts from the named networks only; a forged X-Forwarded-For does not help', async () => {
    const inside = (await createKey({ allowed_cidrs: ['127.0.0.0/8', '::1/128'] })).body.api_key;
    const outside = (await createKey({ allowed_cidrs: ['10.0.0.0/8'] })).body.api_key;
    expect((await me(inside)).status).toBe(200);
    expect((await me(outside)).status).toBe(401);
    const forged = await client.call('GET', '/auth/me', {
      token: outside,
      headers: { 'X-Forwarded-For': '10.1.1.1', 'X-Real-IP': '10.1.1.1' },
    });
    expect(forged.status).toBe(401);
  });

  it('an expired key, one with another secret, one of a deactivated account: 401', async () => {
    const { api_key, key_id } = (await createKey({})).body;
    expect((await me(api_key.slice(0, -1) + (api_key.endsWith('A') ? 'B' : 'A'))).status).toBe(401);
    for (const bad of [
      'mf_',
      'mf__',
      `mf_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      `${api_key}x`,
      api_key.toUpperCase(),
    ])
      expect((await me(bad)).status).toBe(401);
    await running.dataSource.query(
      `UPDATE service_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1`,
      [key_id],
    );
    expect((await me(api_key)).status).toBe(401);
    const fresh = (await createKey({})).body.api_key;
    await running.dataSource.query('UPDATE users SET is_active = false WHERE id = $1', [id]);
    expect((await me(fresh)).status).toBe(401);
    await running.dataSource.query('UPDATE users SET is_active = true WHERE id = $1', [id]);
    expect((await me(fresh)).status).toBe(200);
  });

  it.each<[string, object]>([
    ['more than a year', { expires_in_days: 366 }],
    ['no day', { expires_in_days: 0 }],
    ['a network that is none', { allowed_cidrs: ['example.org'] }],
    ['no network in the list', { allowed_cidrs: [] }],
    ['networks for a public key', { kind: 'public_key', allowed_cidrs: ['10.0.0.0/8'] }],
    ['no public key', { kind: 'public_key' }],
    ['a public key for an API key', { public_key: pem('P-256') }],
    ['a private key', { kind: 'public_key', public_key: privatePem() }],
    ['a key on another curve', { kind: 'public_key', public_key: pem('P-384') }],
    ['a short RSA key', { kind: 'public_key', public_key: rsa(1024) }],
    ['a secret of the caller’s choice', { secret_hash: 'aa' }],
    ['a name of two lines', { name: 'a\nb' }],
  ])('refuses %s with 400', async (_name, body) => {
    expect((await createKey(body)).status).toBe(400);
  });

  it.each<Record<string, string>>([{ 'X-API-Key': 'mf_0_0' }, { Authorization: 'mf_0_0' }])(
    '401 says how a key is sent: %j',
    async (headers) => {
      const response = await fetch(`${running.url}/auth/me`, { headers });
      expect(await response.json()).toMatchObject({
        status: 401,
        detail: expect.stringMatching(
          /^A key of a service account is sent as `Authorization: Bearer <key>`\./,
        ),
      });
    },
  );

  it('are for service accounts; a key has no session to end', async () => {
    const viewer = (await running.app.get(Users).findByUsername('viewer'))!.id;
    expect(await createKey({}, viewer)).toMatchObject({
      status: 409,
      body: { code: 'AUTH_SERVICE_ACCOUNT_ONLY' },
    });
    const { api_key } = (await createKey({})).body;
    expect(await client.post('/auth/logout', api_key)).toMatchObject({
      status: 409,
      body: { code: 'AUTH_SERVICE_ACCOUNT_ONLY' },
    });
    expect((await me(api_key)).status).toBe(200);
  });

  it('a lock of the account’s password does not touch them', async () => {
    const { api_key } = (await createKey({})).body;
    await Promise.all(Array.from({ length: 6 }, () => client.login('integration', 'a wrong password, long')));
    expect((await client.get(`/users/${id}`, admin)).body.locked_until).not.toBeNull();
    expect((await me(api_key)).status).toBe(200);
  });
});

function pem(namedCurve: string): string {
  return generateKeyPairSync('ec', { namedCurve })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();
}
function privatePem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
function rsa(modulusLength: number): string {
  return generateKeyPairSync('rsa', { modulusLength })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();
}

describe('POST /auth/token › private_key_jwt', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const kid = assertionKey(publicKey)!.thumbprint;
  const register = (): Promise<Answer> => createKey({ kind: 'public_key', public_key: publicKey });

  interface Changes {
    readonly claims?: Record<string, unknown>;
    readonly key?: KeyObject | string;
    readonly algorithm?: Algorithm;
    readonly kid?: string;
  }
  function assertion({
    claims = {},
    key = pair.privateKey,
    algorithm = 'ES256',
    kid: keyid = kid,
  }: Changes = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: id,
      sub: id,
      aud: 'https://medai.example/auth/token',
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
      ...claims,
    };
    const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return sign(present, key, { algorithm, keyid });
  }
  const form = (fields: Record<string, string>): Promise<Answer> =>
    client.call('POST', '/auth/token', {
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  const ask = (client_assertion: string, fields: Record<string, string> = {}): Promise<Answer> =>
    form({
      ...fields,
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    });

  it('gives an access token and no refresh token; the assertion is good once, of two at once too', async () => {
    expect((await register()).body.thumbprint).toBe(kid);
    const signed = assertion();
    const answers = await Promise.all([ask(signed), ask(signed)]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
    const { body } = answers.find(({ status }) => status === 200)!;
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'token_type']);
    expect((await me(body.access_token)).body.username).toBe('integration');
    expect((await ask(signed)).status).toBe(401);
    expect((await client.post('/auth/logout', body.access_token)).status).toBe(200);
    expect((await me(body.access_token)).status).toBe(401);
  });

  it('revoking the key ends the tokens that were had for it', async () => {
    const { key_id } = (await register()).body;
    const { access_token } = (await ask(assertion())).body;
    expect((await me(access_token)).status).toBe(200);
    await client.post(`/users/${id}/keys/${key_id}/revoke`, admin);
    expect((await me(access_token)).status).toBe(401);
    expect((await ask(assertion())).status).toBe(401);
  });

  it.each<[string, Changes]>([
    ['another audience', { claims: { aud: 'https://evil.example' } }],
    ['no audience', { claims: { aud: undefined } }],
    ['another issuer', { claims: { iss: 'somebody' } }],
    ['the id of nobody', { claims: { iss: randomUUID(), sub: randomUUID() } }],
    ['no jti', { claims: { jti: undefined } }],
    ['an hour to live', { claims: { exp: Math.floor(Date.now() / 1000) + 3_600 } }],
    ['an expiry that is past', { claims: { exp: Math.floor(Date.now() / 1000) - 60 } }],
    ['no expiry', { claims: { exp: undefined } }],
    ['a foreign key', { key: foreign.privateKey }],
    ['another kid', { kid: 'x' }],
    ['HS256 keyed with the public key', { key: publicKey, algorithm: 'HS256' }],
    ['alg none', { key: '', algorithm: 'none' }],
  ])('refuses %s with 401', async (_name, changes) => {
    await register();
    expect(await ask(assertion(changes))).toMatchObject({
      status: 401,
      body: { code: 'AUTH_INVALID_CREDENTIALS' },
    });
  });

  it('a key that is revoked, or an account that is deactivated, while its assertion is verified gets no token', async () => {
    const { key_id } = (await register()).body;
    const assertions = running.app.get(ClientAssertions);
    const verified = (await assertions.verify(assertion()))!;
    const use = (): Promise<boolean> =>
      running.app.get(DataSource).transaction((manager) => assertions.use(manager, verified));
    await client.post(`/users/${id}/keys/${key_id}/revoke`, admin);
    expect(await use()).toBe(false);
    await running.dataSource.query('DELETE FROM used_assertions');
    await running.dataSource.query('UPDATE service_keys SET revoked_at = NULL WHERE id = $1', [key_id]);
    await running.dataSource.query('UPDATE users SET is_active = false WHERE id = $1', [id]);
    expect(await use()).toBe(false);
    await running.dataSource.query('DELETE FROM used_assertions');
    await running.dataSource.query('UPDATE users SET is_active = true WHERE id = $1', [id]);
    expect(await use()).toBe(true);
  });

  it('an access token is no assertion; other grants and forms are 400', async () => {
    await register();
    const { access_token } = (await ask(assertion())).body;
    expect((await ask(access_token)).status).toBe(401);
    expect((await ask('x')).status).toBe(401);
    expect((await ask(assertion(), { client_id: randomUUID() })).status).toBe(401);
    expect((await ask(assertion(), { client_id: id, scope: '' })).status).toBe(200);
    expect((await form({ grant_type: 'password', username: 'admin', password: 'x' })).status).toBe(400);
    expect((await form({})).status).toBe(400);
    expect((await client.post('/auth/token', undefined, {})).status).toBe(415);
  });
});
