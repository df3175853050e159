import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthHousekeeping } from '../../src/auth/housekeeping.service';
import { SigningKeyRecords } from '../../src/auth/tokens/signing-key-records.service';
import { SigningKeys } from '../../src/auth/tokens/signing-keys.service';
import { retirePreviousKey, rotateKeySet } from '../../src/auth/tokens/signing-key-files';
import { type Answer, Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const dataDir = temporaryDirectory();
const keyPath = join(dataDir, 'secrets', 'jwt_signing_key');

let running: RunningApp;
let client: Client;

beforeAll(async () => {
  running = await startApp({ DATA_DIR: dataDir });
  client = new Client(running.url);
});
afterAll(() => running.stop());

const session = async (username = 'viewer'): Promise<{ access_token: string; refresh_token: string }> =>
  (await client.login(username, PASSWORD)).body;
const refresh = (refresh_token: string): Promise<Answer> =>
  client.post('/auth/refresh', undefined, { refresh_token });
const me = async (token: string): Promise<number> => (await client.get('/auth/me', token)).status;

/** Makes it long ago that the tokens of a session were used. */
const age = (refreshed: string): Promise<unknown> =>
  running.dataSource.query(
    `UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE family_id = $1`,
    [JSON.parse(Buffer.from(refreshed.split('.')[1]!, 'base64url').toString()).sid],
  );

describe('POST /auth/refresh', () => {
  it('gives the same successor within the grace, to two at once as well', async () => {
    const { refresh_token } = await session();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    const next = await refresh(answers[0]!.body.refresh_token);
    expect(next.status).toBe(200);
    expect(next.body.refresh_token).not.toBe(answers[0]!.body.refresh_token);
    const [row] = await running.dataSource.query(
      `SELECT count(*)::int AS tokens, count(DISTINCT family_id)::int AS families
       FROM refresh_tokens JOIN users ON users.id = user_id WHERE username = 'viewer'`,
    );
    expect(row).toEqual({ tokens: 3, families: 1 });
  });

  it('a token used again after the grace ends the session with its access tokens, and is audited', async () => {
    const first = await session();
    const second = (await refresh(first.refresh_token)).body;
    expect(await me(second.access_token)).toBe(200);
    await age(first.access_token);
    expect(await refresh(first.refresh_token)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_REFRESH_INVALID' },
    });
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 401 });
    expect(await me(second.access_token)).toBe(401);
    expect(await me(first.access_token)).toBe(401);
    const trail = await client.get(
      '/audit?sequenced=wait&action=auth.reuse_detected',
      await running.token('auditor'),
    );
    expect(trail.body.items).toHaveLength(1);
  });

  it('ends after an hour unused and after twelve in all', async () => {
    const idle = await session();
    await running.dataSource.query('UPDATE refresh_tokens SET expires_at = now() WHERE used_at IS NULL');
    expect((await refresh(idle.refresh_token)).status).toBe(401);
    const old = await session();
    await running.dataSource.query('UPDATE refresh_tokens SET family_expires_at = now()');
    expect((await refresh(old.refresh_token)).status).toBe(401);
  });

  it('an access token is no refresh token, nor the other way round', async () => {
    const { access_token, refresh_token } = await session();
    expect((await refresh(access_token)).status).toBe(400);
    expect(await me(refresh_token)).toBe(401);
    expect((await refresh(Buffer.alloc(32).toString('base64url'))).status).toBe(401);
  });

  it('service accounts get no refresh token', async () => {
    const answer = await client.login('integration', PASSWORD);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['access_token', 'expires_in', 'token_type']);
  });
});

describe('POST /auth/logout [R-49]', () => {
  it('refuses every access token of the session and its refresh token; other sessions go on', async () => {
    const first = await session('clinician');
    const other = await session('clinician');
    const renewed = (await refresh(first.refresh_token)).body;
    expect((await client.post('/auth/logout', renewed.access_token)).status).toBe(200);
    expect(await me(first.access_token)).toBe(401);
    expect(await me(renewed.access_token)).toBe(401);
    expect((await refresh(renewed.refresh_token)).status).toBe(401);
    expect(await me(other.access_token)).toBe(200);
  });
});

describe('housekeeping', () => {
  it('takes out what nobody can use any more, and nothing else', async () => {
    const living = await session('clinician');
    const over = await session('auditor');
    await client.post('/auth/logout', over.access_token);
    await running.dataSource.query(
      `UPDATE refresh_tokens SET family_expires_at = now() - interval '2 days' FROM users
       WHERE users.id = user_id AND username = 'auditor'`,
    );
    await running.dataSource.query("UPDATE revoked_tokens SET expires_at = now() - interval '2 hours'");
    await running.app.get(AuthHousekeeping).clean();
    const [row] = await running.dataSource.query(
      `SELECT (SELECT count(*)::int FROM revoked_tokens) AS revoked, (SELECT count(*)::int FROM refresh_tokens
         JOIN users ON users.id = user_id WHERE username = 'auditor') AS over`,
    );
    expect(row).toEqual({ revoked: 0, over: 0 });
    expect((await refresh(living.refresh_token)).status).toBe(200);
  });
});

describe('signing keys', () => {
  const kids = async (): Promise<string[]> =>
    (await client.get('/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid);
  const changes = async (kid: string): Promise<Record<string, unknown>[]> =>
    (await client.get(`/audit?sequenced=wait&object_id=${kid}`, await running.token('auditor'))).body.items;
  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if (await condition()) return;
      await sleep(50);
    }
    throw new Error('waited in vain');
  }

  it('are rotated while the server runs; a retired key’s tokens are refused, cached or not', async () => {
    const { access_token: first } = await session();
    const [original] = await kids();
    expect(await me(first)).toBe(200);

    expect((await rotateKeySet(keyPath, { now: false })).outcome).toBe('published');
    await until(async () => (await kids()).length === 2);
    const [, next] = await kids();
    expect((await rotateKeySet(keyPath, { now: false })).outcome).toBe('early');

    expect((await rotateKeySet(keyPath, { now: true })).outcome).toBe('rotated');
    await until(async () => (await kids()).length === 3);
    expect((await kids())[0]).toBe(next);
    const { access_token: second } = await session();
    expect(JSON.parse(Buffer.from(second.split('.')[0]!, 'base64url').toString()).kid).toBe(next);
    expect([await me(first), await me(second)]).toEqual([200, 200]);
    const trail = await client.get(
      '/audit?sequenced=wait&action=key.rotated',
      await running.token('auditor'),
    );
    expect(trail.body.items).toMatchObject([
      { object_id: next, details: { key_id: next, previous_key_id: original } },
    ]);

    await retirePreviousKey(keyPath);
    await until(async () => (await kids()).length === 2);
    expect([await me(first), await me(second)]).toEqual([401, 200]);
    expect(await changes(original!)).toMatchObject([
      { action: 'key.retired', details: { key_id: original } },
    ]);
  });

  it('the previous key is retired by itself once its last token has expired', async () => {
    await rotateKeySet(keyPath, { now: true });
    await until(async () => (await kids()).length === 3);
    const longAgo = Date.now() / 1000 - 631;
    utimesSync(`${keyPath}.previous`, longAgo, longAgo);
    await until(async () => (await kids()).length === 2);
    expect(await kids()).toHaveLength(2);
  });

  it('are audited once for all replicas, when they were changed while none ran, and when an old one comes back', async () => {
    const records = running.app.get(SigningKeyRecords);
    const [a, b] = ['a', 'b'].map((letter) => letter.repeat(43)) as [string, string];
    const now = running.app.get(SigningKeys).current.kid;
    const known = [now, ...(await kids())];
    await Promise.all(Array.from({ length: 4 }, () => records.record(a, [a, ...known])));
    await records.record(b, [a, b, ...known]);
    await records.record(b, [b, ...known]);
    await records.record(a, [a, b, ...known]);
    expect((await changes(a)).map(({ action }) => action)).toEqual([
      'key.rotated',
      'key.retired',
      'key.rotated',
    ]);
    expect(await changes(b)).toMatchObject([{ action: 'key.rotated', details: { previous_key_id: a } }]);
  });

  it('while the trail cannot be written another key does not sign, and a removed one is refused all the same', async () => {
    const { access_token } = await session();
    const first = (await kids())[0];
    await rotateKeySet(keyPath, { now: true });
    await until(async () => (await kids())[0] !== first && (await kids()).length === 3);
    expect(await me(access_token)).toBe(200);
    await running.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    const signing = (await kids())[0];
    await rotateKeySet(keyPath, { now: true });
    await until(async () => (await kids()).length < 3);
    await running.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
    expect((await kids())[0]).toBe(signing);
    await until(async () => (await kids())[0] !== signing);
    expect(await me(access_token)).toBe(401);
  });

  it('a file that is not a key changes nothing', async () => {
    const before = running.app.get(SigningKeys).current.kid;
    writeFileSync(`${keyPath}.next`, 'not a key');
    await sleep(1_200);
    expect(running.app.get(SigningKeys).current.kid).toBe(before);
    expect((await session()).access_token).toBeDefined();
  });
});
