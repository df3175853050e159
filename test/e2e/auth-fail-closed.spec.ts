import { Users } from '../../src/auth/users/users.service';
import { type Answer, Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const WRONG = 'a wrong password, long';
const NEXT = 'quite another password';
/** Everything that a change of an account may touch. */
const TABLES = [
  'users',
  'refresh_tokens',
  'revoked_tokens',
  'service_keys',
  'password_resets',
  'used_assertions',
];

let running: RunningApp;
let client: Client;
let admin: string;
/** Ids by username, and what was had before the trail went away. */
const id: Record<string, string> = {};
let session: { access_token: string; refresh_token: string };
let keyId: string;
let resetToken: string;

beforeAll(async () => {
  running = await startApp({ LOCKOUT_THRESHOLD: '5' });
  client = new Client(running.url);
  admin = await running.token('admin');
  for (const name of ['viewer', 'clinician', 'integration', 'approver'])
    id[name] = (await running.app.get(Users).findByUsername(name))!.id;
  session = (await client.login('viewer', PASSWORD)).body;
  const key = { kind: 'api_key', name: 'gateway' };
  keyId = (await client.post(`/users/${id['integration']}/keys`, admin, key)).body.key_id;
  resetToken = (await client.post(`/users/${id['approver']}/reset-password`, admin)).body.reset_token;
});
afterAll(() => running.stop());

/** Login attempts are counted all the same: guessing goes on being bounded. */
async function state(): Promise<string> {
  const rows = await Promise.all(
    TABLES.map((table) =>
      running.dataSource.query(
        `SELECT to_jsonb(t) - '{failed_login_attempts,last_login_attempt_at}'::text[] AS row FROM ${table} t ORDER BY 1`,
      ),
    ),
  );
  return JSON.stringify(rows);
}

async function withoutTrail<T>(work: () => Promise<T>): Promise<T> {
  await running.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
  try {
    return await work();
  } finally {
    await running.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
  }
}

describe('no entry, no change of an account [R-09] [R-30]', () => {
  it.each<[string, () => Promise<Answer>]>([
    ['a login', () => client.login('clinician', PASSWORD)],
    ['a refresh', () => client.post('/auth/refresh', undefined, { refresh_token: session.refresh_token })],
    ['a logout', () => client.post('/auth/logout', session.access_token)],
    [
      'a new password',
      () =>
        client.post('/auth/password', session.access_token, {
          current_password: PASSWORD,
          new_password: NEXT,
        }),
    ],
    [
      'a password by reset token',
      () => client.post('/auth/password/reset', undefined, { reset_token: resetToken, new_password: NEXT }),
    ],
    [
      'a role',
      () => client.call('PATCH', `/users/${id['viewer']}`, { token: admin, body: { role: 'auditor' } }),
    ],
    ['an unlock', () => client.post(`/users/${id['viewer']}/unlock`, admin, { revoke_sessions: true })],
    ['a deactivation', () => client.post(`/users/${id['viewer']}/deactivate`, admin)],
    ['a reset', () => client.post(`/users/${id['viewer']}/reset-password`, admin)],
    [
      'a key',
      () => client.post(`/users/${id['integration']}/keys`, admin, { kind: 'api_key', name: 'second' }),
    ],
    ['the end of a key', () => client.post(`/users/${id['integration']}/keys/${keyId}/revoke`, admin)],
  ])('%s is refused with 503, and nothing is changed by it', async (_name, change) => {
    const before = await state();
    expect(await withoutTrail(change)).toMatchObject({ status: 503, body: { code: 'AUDIT_UNAVAILABLE' } });
    expect(await state()).toBe(before);
    expect((await client.get('/auth/me', session.access_token)).status).toBe(200);
  });

  it('a lock that cannot be recorded is no second chance: no more passwords are verified than the threshold', async () => {
    const answers = await withoutTrail(() =>
      Promise.all(Array.from({ length: 5 }, () => client.login('auditor', WRONG))),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([401, 401, 401, 401, 503]);
    const [row] = await running.dataSource.query<[{ failed: number }]>(
      "SELECT failed_login_attempts AS failed FROM users WHERE username = 'auditor'",
    );
    expect(row.failed).toBe(5);
    await running.dataSource.query(
      "UPDATE users SET last_login_attempt_at = now() - interval '11 seconds' WHERE username = 'auditor'",
    );
    expect((await client.login('auditor', PASSWORD)).status).toBe(401); // and the lock is recorded now
    const user = (await running.app.get(Users).findByUsername('auditor'))!;
    expect(user.lockedUntil!.getTime()).toBeGreaterThan(Date.now());
  });
});
