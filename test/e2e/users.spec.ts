import { Passwords } from '../../src/auth/passwords/passwords.service';
import { Users } from '../../src/auth/users/users.service';
import type { Role } from '../../src/http/principal';
import { type Answer, Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';

let running: RunningApp;
let client: Client;
let admin: string;

beforeAll(async () => {
  running = await startApp();
  client = new Client(running.url);
  admin = await running.token('admin');
});
afterAll(() => running.stop());

let made = 0;

/** A new account that has a password of its own. */
async function account(role: Role = 'viewer'): Promise<{ id: string; username: string; token: string }> {
  const username = `user-${++made}`;
  const user = await running.app
    .get(Users)
    .install(
      { username, email: `${username}@example.org`, password: PASSWORD, role, full_name: 'A Person' },
      { ownPassword: true },
    );
  const login = await client.login(username, PASSWORD);
  return { id: user!.id, username, token: login.body.access_token as string };
}

async function idOf(username: string): Promise<string> {
  return (await running.app.get(Users).findByUsername(username))!.id;
}

async function entriesOf(id: string): Promise<Record<string, unknown>[]> {
  const auditor = await running.token('auditor');
  return (await client.get(`/audit?sequenced=wait&object_id=${id}`, auditor)).body.items;
}

describe('GET /users', () => {
  it('lists accounts, the newest first, by page, role, state and name', async () => {
    const { id, username } = await account('approver');
    const page = await client.get('/users?limit=2', admin);
    expect(page.body).toMatchObject({ skip: 0, limit: 2, items: [{ user_id: id, username }, {}] });
    expect(page.body.total).toBeGreaterThan(6);
    expect(JSON.stringify(page.body)).not.toContain('argon2');
    expect((await client.get('/users?role=auditor', admin)).body).toMatchObject({
      total: 1,
      items: [{ username: 'auditor' }],
    });
    expect((await client.get(`/users?username=${username.toUpperCase()}`, admin)).body.total).toBe(1);
    expect((await client.get('/users?is_active=false', admin)).body.total).toBe(0);
  });

  it('GET /users/{id} › the account with its lock; unknown is 404, a bad id 400', async () => {
    const id = await idOf('clinician');
    expect((await client.get(`/users/${id}`, admin)).body).toMatchObject({
      user_id: id,
      failed_login_attempts: 0,
      locked_until: null,
      password_change_required: false,
    });
    expect(await client.get(`/users/${UNKNOWN_ID}`, admin)).toMatchObject({
      status: 404,
      body: { code: 'USER_NOT_FOUND' },
    });
    expect((await client.get('/users/1', admin)).status).toBe(400);
  });
});

describe('POST /users › usernames', () => {
  const create = (username: string, password = PASSWORD): Promise<Answer> =>
    client.post('/users', admin, {
      username,
      email: `${++made}@example.org`,
      password,
      role: 'viewer',
      full_name: 'A Person',
    });

  it('are one under any case, width and composition, and are never reused [R-26]', async () => {
    expect(await create('José.Ruiz')).toMatchObject({ status: 201, body: { username: 'josé.ruiz' } });
    for (const same of ['JOSÉ.RUIZ', 'Jose\u0301.ruiz', 'ｊｏｓé.ｒｕｉｚ']) {
      expect(await create(same)).toMatchObject({ status: 409, body: { code: 'USER_ALREADY_EXISTS' } });
    }
    const id = await idOf('josé.ruiz');
    expect((await client.post(`/users/${id}/deactivate`, admin)).status).toBe(200);
    expect((await create('José.Ruiz')).status).toBe(409);
  });

  it.each([
    ['Cyrillic а in a Latin name', 'аdmin'],
    ['a name in Cyrillic letters that look Latin', 'сосо'],
    ['Greek ο in a Latin name', 'rοot'],
    ['a zero-width joiner', 'ad\u200dmin'],
    ['a right-to-left mark', 'ad\u200fmin'],
    ['a line break', 'admin\n'],
    ['one character', 'a'],
    ['65 characters', 'a'.repeat(65)],
    ['a dot first', '.admin'],
  ])('with %s are refused', async (_name, username) => {
    expect(await create(username)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ field: 'username' }] },
    });
  });

  it('in Cyrillic or Greek are names like any other', async () => {
    expect((await create('Жанна')).body.username).toBe('жанна');
    expect((await create('Σωκράτης')).status).toBe(201);
  });

  it('passwords that would be guessed early are refused [R-52]', async () => {
    for (const password of ['passwordpassword', 'guessable-guessable', 'MedAI Flow 12345']) {
      expect(await create('guessable', password)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'password' }] },
      });
    }
  });
});

describe('PATCH /users/{id}', () => {
  it('changes what is named, refuses unknown fields and another account’s e-mail', async () => {
    const { id } = await account();
    const changed = await client.call('PATCH', `/users/${id}`, {
      token: admin,
      body: { full_name: 'New Name', organization: 'Ward 3' },
    });
    expect(changed).toMatchObject({ status: 200, body: { full_name: 'New Name', organization: 'Ward 3' } });
    const [entry] = await entriesOf(id);
    expect(entry).toMatchObject({
      action: 'user.updated',
      details: { changed_fields: ['full_name', 'organization'] },
    });
    expect(JSON.stringify(entry)).not.toContain('New Name');
    for (const body of [
      { is_active: true },
      { username: 'other' },
      { password: PASSWORD },
      { token_version: 0 },
      { role: 'god' },
      { role: null },
    ]) {
      expect((await client.call('PATCH', `/users/${id}`, { token: admin, body })).status).toBe(400);
    }
    expect(
      await client.call('PATCH', `/users/${id}`, { token: admin, body: { email: 'auditor@example.org' } }),
    ).toMatchObject({ status: 409, body: { code: 'USER_ALREADY_EXISTS' } });
  });

  it('a role counts from the next request on: the old token is refused, the new role is recorded [R-50]', async () => {
    const { id, username, token } = await account('viewer');
    expect((await client.get('/auth/me', token)).status).toBe(200);
    await client.call('PATCH', `/users/${id}`, { token: admin, body: { role: 'auditor' } });
    expect(await client.get('/auth/me', token)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_TOKEN_INVALID' },
    });
    const entries = await entriesOf(id);
    expect(entries).toContainEqual(
      expect.objectContaining({
        action: 'user.role_changed',
        details: expect.objectContaining({ changes: { role: { old: 'viewer', new: 'auditor' } } }),
      }),
    );
    const { access_token } = (await client.login(username, PASSWORD)).body;
    expect((await client.get('/audit', access_token)).status).toBe(200);
  });

  it('nobody changes their own role or deactivates or resets themselves', async () => {
    const id = await idOf('admin');
    const own = { status: 403, body: { code: 'USER_OWN_ACCOUNT' } };
    expect(
      await client.call('PATCH', `/users/${id}`, { token: admin, body: { role: 'clinician' } }),
    ).toMatchObject(own);
    expect(await client.post(`/users/${id}/deactivate`, admin)).toMatchObject(own);
    expect(await client.post(`/users/${id}/reset-password`, admin)).toMatchObject(own);
  });

  it('of two administrators who demote each other at once, one stays', async () => {
    const [a, b] = [await account('admin'), await account('admin')];
    const others = await client.get('/users?role=admin&is_active=true&limit=100', admin);
    for (const { user_id, username } of others.body.items) {
      if (![a.id, b.id].includes(user_id) && username !== 'admin')
        await client.post(`/users/${user_id}/deactivate`, admin);
    }
    // the standing administrator leaves, so that the two are the last
    const standing = await idOf('admin');
    expect((await client.post(`/users/${standing}/deactivate`, a.token)).status).toBe(200);
    const answers = await Promise.all([
      client.call('PATCH', `/users/${b.id}`, { token: a.token, body: { role: 'viewer' } }),
      client.post(`/users/${a.id}/deactivate`, b.token),
    ]);
    const [row] = await running.dataSource.query<[{ left: number }]>(
      `SELECT count(*)::int AS "left" FROM users WHERE role = 'admin' AND is_active`,
    );
    expect(row.left).toBe(1);
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    await running.dataSource.query("UPDATE users SET is_active = true WHERE username = 'admin'");
    admin = (await client.login('admin', PASSWORD)).body.access_token;
  });
});

describe('POST /users/{id}/…', () => {
  it('unlock › ends a lock; with revoke_sessions also every session [R-51]', async () => {
    const { id, username, token } = await account();
    await Promise.all(Array.from({ length: 6 }, () => client.login(username, 'a wrong password, long')));
    expect((await client.login(username, PASSWORD)).status).toBe(401);
    const locked = await client.get(`/users/${id}`, admin);
    expect(locked.body.failed_login_attempts).toBe(5);
    expect(Date.parse(locked.body.locked_until)).toBeGreaterThan(Date.now());
    expect((await client.get('/auth/me', token)).status).toBe(200); // a lock ends no session

    expect(await client.post(`/users/${id}/unlock`, admin)).toMatchObject({
      status: 200,
      body: { failed_login_attempts: 0, locked_until: null },
    });
    expect((await client.login(username, PASSWORD)).status).toBe(200);
    expect((await client.get('/auth/me', token)).status).toBe(200);
    await client.post(`/users/${id}/unlock`, admin, { revoke_sessions: true });
    expect((await client.get('/auth/me', token)).status).toBe(401);
    const actions = (await entriesOf(id)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['user.locked', 'user.unlocked', 'auth.login']));
  });

  it('deactivate › token, refresh token and login are refused from then on [R-53]', async () => {
    const { id, username } = await account();
    const { access_token, refresh_token } = (await client.login(username, PASSWORD)).body;
    expect(await client.post(`/users/${id}/deactivate`, admin)).toMatchObject({
      status: 200,
      body: { is_active: false },
    });
    expect((await client.get('/auth/me', access_token)).status).toBe(401);
    expect((await client.post('/auth/refresh', undefined, { refresh_token })).status).toBe(401);
    expect(await client.login(username, PASSWORD)).toMatchObject({
      status: 401,
      body: { code: 'AUTH_INVALID_CREDENTIALS' },
    });
    expect((await client.post(`/users/${id}/deactivate`, admin)).status).toBe(200); // again: nothing more happens
    expect((await client.post(`/users/${id}/reset-password`, admin)).status).toBe(409);
  });

  it('reset-password › the old password is dead; the token sets a new one, once', async () => {
    const { id, username, token } = await account();
    const first = (await client.post(`/users/${id}/reset-password`, admin)).body;
    const second = await client.post(`/users/${id}/reset-password`, admin);
    expect(second.status).toBe(200);
    expect((await client.get('/auth/me', token)).status).toBe(401);
    expect((await client.login(username, PASSWORD)).status).toBe(401);

    const reset = (reset_token: string, new_password: string): Promise<Answer> =>
      client.post('/auth/password/reset', undefined, { reset_token, new_password });
    const { reset_token } = second.body;
    expect(await reset(first.reset_token, 'quite another password')).toMatchObject({
      status: 401,
      body: { code: 'PASSWORD_RESET_INVALID' },
    });
    expect(await reset(reset_token, PASSWORD)).toMatchObject({
      status: 422,
      body: { code: 'PASSWORD_REUSED' },
    });
    expect((await reset(reset_token, 'passwordpassword')).status).toBe(400);
    const both = await Promise.all([
      reset(reset_token, 'quite another password'),
      reset(reset_token, 'yet another password too'),
    ]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
    const winner = both[0].status === 200 ? 'quite another password' : 'yet another password too';
    const login = await client.login(username, winner);
    expect(login.status).toBe(200);
    expect((await client.get('/auth/me', login.body.access_token)).body.password_change_required).toBe(false);
  });
});

describe('when an administrator resets an account while its old password is being verified', () => {
  /** Passwords are verified only once the returned function has been called. */
  async function holdVerification(): Promise<() => void> {
    const queue = running.app.get(Passwords)['queue'];
    const leaving = await Promise.all(Array.from({ length: queue['concurrency'] }, () => queue.enter()));
    return () => leaving.forEach((leave) => leave());
  }

  async function reservedAttempt(id: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      const { body } = await client.get(`/users/${id}`, admin);
      if (body.failed_login_attempts === 1) return;
    }
    throw new Error('no attempt was reserved');
  }

  it('the login fails: the old password opens no session any more', async () => {
    const { id, username } = await account();
    const letGo = await holdVerification();
    const login = client.login(username, PASSWORD);
    await reservedAttempt(id);
    expect((await client.post(`/users/${id}/reset-password`, admin)).status).toBe(200);
    letGo();
    expect(await login).toMatchObject({ status: 401, body: { code: 'AUTH_INVALID_CREDENTIALS' } });
  });

  it('so does a change of the password: the reset token decides', async () => {
    const { id, username, token } = await account();
    const letGo = await holdVerification();
    const change = client.post('/auth/password', token, {
      current_password: PASSWORD,
      new_password: 'quite another password',
    });
    await reservedAttempt(id);
    const { reset_token } = (await client.post(`/users/${id}/reset-password`, admin)).body;
    letGo();
    expect((await change).status).toBe(401);
    expect((await client.login(username, 'quite another password')).status).toBe(401);
    const new_password = 'yet another password too';
    expect((await client.post('/auth/password/reset', undefined, { reset_token, new_password })).status).toBe(
      200,
    );
  });
});

describe('POST /auth/password', () => {
  it('ends every session, refuses the present and the previous password, counts a wrong one [R-52]', async () => {
    const { id, username, token } = await account();
    const other = (await client.login(username, PASSWORD)).body.access_token;
    const change = (token: string, current_password: string, new_password: string): Promise<Answer> =>
      client.post('/auth/password', token, { current_password, new_password });
    expect(await change(token, 'a wrong password, long', 'quite another password')).toMatchObject({
      status: 401,
      body: { code: 'AUTH_INVALID_CREDENTIALS' },
    });
    expect((await client.get(`/users/${id}`, admin)).body.failed_login_attempts).toBe(1);
    expect((await change(token, PASSWORD, PASSWORD)).body.code).toBe('PASSWORD_REUSED');
    expect((await change(token, PASSWORD, 'quite another password')).status).toBe(200);
    expect((await client.get('/auth/me', token)).status).toBe(401);
    expect((await client.get('/auth/me', other)).status).toBe(401);
    const fresh = (await client.login(username, 'quite another password')).body.access_token;
    expect((await change(fresh, 'quite another password', PASSWORD)).body.code).toBe('PASSWORD_REUSED');
  });

  it('takes one password in any Unicode form (NFKC)', async () => {
    const { username, token } = await account();
    const composed = 'äöü ist ein langes Kennwort';
    await client.post('/auth/password', token, { current_password: PASSWORD, new_password: composed });
    expect((await client.login(username, composed.normalize('NFD'))).status).toBe(200);
  });
});
