import { setTimeout as sleep } from 'node:timers/promises';
import { register } from 'prom-client';
import { LoginLimit } from '../../src/auth/limits/login-limit.service';
import { Passwords } from '../../src/auth/passwords/passwords.service';
import { Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const WRONG = 'a wrong password, long';

let running: RunningApp;
let client: Client;

beforeAll(async () => {
  running = await startApp({ LOGIN_SOURCE_THRESHOLD: '400' });
  client = new Client(running.url);
});
afterAll(() => running.stop());

/** Failed attempts that were counted: each password that is verified is one. */
const failures = async (username: string): Promise<number> =>
  (
    await running.dataSource.query<[{ failed: number }]>(
      'SELECT failed_login_attempts AS failed FROM users WHERE username = $1',
      [username],
    )
  )[0].failed;
async function metric(name: string): Promise<number> {
  const { values } = (await register.getSingleMetric(name)!.get()) as { values: { value: number }[] };
  return values.reduce((sum, { value }) => sum + value, 0);
}

describe('POST /auth/login › lockout [R-51]', () => {
  it('100 parallel wrong passwords: five are verified, the account locks once, with entry and metric', async () => {
    const before = await metric('medai_auth_accounts_locked_total');
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.login('viewer', WRONG)));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(401));
    expect(await failures('viewer')).toBe(5);
    expect((await metric('medai_auth_accounts_locked_total')) - before).toBe(1);
    const trail = await client.get(
      '/audit?sequenced=wait&action=user.locked',
      await running.token('auditor'),
    );
    expect(trail.body.items).toHaveLength(1);
    const refused = await client.get(
      '/audit?sequenced=wait&action=auth.login&outcome=refused&limit=200',
      await running.token('auditor'),
    );
    expect(refused.body.items).toHaveLength(100);
  });

  it('40 parallel right passwords all log in', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.login('clinician', PASSWORD)));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(await failures('clinician')).toBe(0);
  });

  it('the right password while locked gets the answer of a wrong one; after the lock it logs in', async () => {
    await Promise.all(Array.from({ length: 5 }, () => client.login('auditor', WRONG)));
    const [right, wrong] = [await client.login('auditor', PASSWORD), await client.login('auditor', WRONG)];
    expect({ ...right.body, instance: '' }).toEqual({ ...wrong.body, instance: '' });
    expect(right.status).toBe(401);
    expect(await failures('auditor')).toBe(5); // attempts during a lock are not counted
    await running.dataSource.query(
      "UPDATE users SET locked_until = now() - interval '1 ms' WHERE username = 'auditor'",
    );
    expect((await client.login('auditor', PASSWORD)).status).toBe(200);
  });

  it('case variants of a name are one account; a success in between gives all attempts back', async () => {
    for (const name of ['Integration', 'INTEGRATION', 'integratioN', 'ｉｎｔｅｇｒａｔｉｏｎ'])
      await client.login(name, WRONG);
    expect(await failures('integration')).toBe(4);
    expect((await client.login('integration', PASSWORD)).status).toBe(200);
    expect(await failures('integration')).toBe(0);
  });

  it('unknown, wrong, locked and deactivated are one answer in status, body and headers', async () => {
    await running.dataSource.query(
      `UPDATE users SET is_active = false, deactivated_at = now() WHERE username = 'model_manager'`,
    );
    await Promise.all(Array.from({ length: 5 }, () => client.login('viewer', WRONG)));
    const answers = [
      await client.login('nobody.at.all', WRONG),
      await client.login('admin', WRONG),
      await client.login('viewer', PASSWORD),
      await client.login('model_manager', PASSWORD),
      await client.login("Robert'); DROP TABLE users;--", WRONG),
    ];
    const shape = ({ status, headers, body }: (typeof answers)[number]): unknown => ({
      status,
      body: { ...body, instance: '' },
      headers: [...headers.keys()].filter((name) => !name.startsWith('ratelimit')).sort(),
    });
    for (const answer of answers) expect(shape(answer)).toEqual(shape(answers[0]!));
    expect(answers[0]!.body.code).toBe('AUTH_INVALID_CREDENTIALS');
  });

  it('a forged X-Forwarded-For changes neither the account’s count nor the audited address', async () => {
    for (let i = 0; i < 4; i++) await client.login('admin', WRONG, { 'X-Forwarded-For': `203.0.113.${i}` });
    expect(await failures('admin')).toBe(5);
    const [row] = await running.dataSource.query<[{ ips: string[] }]>(
      `SELECT array_agg(DISTINCT canonical::jsonb ->> 'ip') AS ips FROM audit_inbox
       FULL JOIN audit_logs USING (canonical) WHERE canonical::jsonb ->> 'action' = 'auth.login'`,
    );
    expect(row.ips.filter((ip) => ip.includes('203.0.113'))).toEqual([]);
  });

  it('a login that its sender does not wait for is not taken for a right one', async () => {
    const right = jest.spyOn(running.app.get(LoginLimit), 'succeeded');
    const queue = running.app.get(Passwords)['queue'];
    const leaving = await Promise.all(Array.from({ length: queue['concurrency'] }, () => queue.enter()));
    const impatience = new AbortController();
    const given = fetch(`${running.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'impatient', password: WRONG }),
      signal: impatience.signal,
    });
    for (let tries = 0; queue['waiting'].length === 0 && tries < 500; tries++) await sleep(10);
    impatience.abort();
    await expect(given).rejects.toThrow('aborted');
    await sleep(100);
    for (const leave of leaving) leave();
    expect(right).not.toHaveBeenCalled();
    expect((await client.login('integration', PASSWORD)).status).toBe(200);
    expect(right).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['10 MB of password', { username: 'viewer', password: 'x'.repeat(10_000_000) }, 413],
    ['257 characters', { username: 'viewer', password: 'x'.repeat(257) }, 400],
    ['NUL', { username: 'viewer', password: 'a\0b' }, 400],
    ['a lone surrogate', { username: 'viewer', password: 'a\ud800' }, 400],
    ['a number', { username: 'viewer', password: 1 }, 400],
    ['a list of names', { username: ['viewer'], password: WRONG }, 400],
    ['more fields', { username: 'viewer', password: WRONG, role: 'admin' }, 400],
  ])('%s › %#: refused before a password is hashed', async (_name, body, status) => {
    const verified = await failures('viewer');
    expect((await client.post('/auth/login', undefined, body)).status).toBe(status);
    expect(await failures('viewer')).toBe(verified);
  });
});

describe('POST /auth/login › the stored hash', () => {
  it('of other parameters is made anew at the next login; a damaged one refuses and is counted', async () => {
    const { hash } = await import('@node-rs/argon2');
    const old = await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const stored = async (): Promise<string> =>
      (await running.dataSource.query("SELECT password_hash FROM users WHERE username = 'clinician'"))[0]
        .password_hash;
    await running.dataSource.query("UPDATE users SET password_hash = $1 WHERE username = 'clinician'", [old]);
    expect((await client.login('clinician', PASSWORD)).status).toBe(200);
    expect(await stored()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await client.login('clinician', PASSWORD)).status).toBe(200);

    const before = await metric('medai_password_hash_unreadable_total');
    await running.dataSource.query(
      "UPDATE users SET password_hash = '$argon2id$v=19$broken' WHERE username = 'clinician'",
    );
    expect(await client.login('clinician', PASSWORD)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_INVALID_CREDENTIALS' },
    });
    expect(await metric('medai_password_hash_unreadable_total')).toBe(before + 1);
  });
});

describe('when the audit trail cannot be written', () => {
  it('a right password is refused with 503 and opens no session', async () => {
    const sessions = async (): Promise<number> =>
      (await running.dataSource.query('SELECT count(*)::int AS count FROM refresh_tokens'))[0].count;
    const before = await sessions();
    await running.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    const answer = await client.login('auditor', PASSWORD);
    await running.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
    expect(answer).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
    expect(await sessions()).toBe(before);
  });
});
