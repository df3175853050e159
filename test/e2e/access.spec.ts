import { MAY } from '../../src/http/role-matrix';
import { type Role, ROLES } from '../../src/http/principal';
import { Users } from '../../src/auth/users/users.service';
import { Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(120_000);

const UNKNOWN_ID = '01900000-0000-7000-8000-000000000000';

let running: RunningApp;
let client: Client;
const tokens = {} as Record<Role, string>;

beforeAll(async () => {
  running = await startApp({ RATE_LIMIT: 'off' });
  client = new Client(running.url);
  for (const role of ROLES) {
    const account = {
      username: `each-${role}`,
      email: `each-${role}@example.org`,
      password: PASSWORD,
      role,
      full_name: role,
    };
    await running.app.get(Users).install(account, { ownPassword: true });
    tokens[role] = (await client.login(`each-${role}`, PASSWORD)).body.access_token;
  }
});
afterAll(() => running.stop());

interface Operation {
  readonly 'x-roles'?: readonly Role[];
  readonly security?: readonly object[];
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly roles: readonly Role[] | undefined;
}

async function documentedRoutes(): Promise<Route[]> {
  const { paths } = (await client.get('/docs/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      roles: operation['x-roles'],
    })),
  );
}

/** Never with a body that does something: what is refused by role is refused before its body is read. */
const call = async ({ method, path }: Route, token?: string): Promise<string> => {
  const { status, body } = await client.call(method, path.replaceAll(/\{\w+\}/g, UNKNOWN_ID), { token });
  return `${status} ${body?.code ?? ''}`;
};
const ENDS_SESSION = '/auth/logout';

describe('role × route [R-50]', () => {
  it('every documented role list is a row of the matrix', async () => {
    const rows = Object.values(MAY).map((roles) => [...roles].sort().join());
    const others = (await documentedRoutes()).filter(
      ({ roles }) => roles !== undefined && !rows.includes([...roles].sort().join()),
    );
    expect(others).toEqual([]);
  });

  it('no role gets in where the matrix does not say so, every role where it does, nobody without a token', async () => {
    const routes = (await documentedRoutes()).filter(({ path }) => path !== ENDS_SESSION);
    const closed = routes.filter(({ roles }) => roles !== undefined);
    expect(closed.length).toBeGreaterThan(15);
    for (const route of closed) {
      const name = `${route.method} ${route.path}`;
      expect([name, await call(route)]).toEqual([name, '401 AUTH_REQUIRED']);
      for (const role of ROLES) {
        const answer = await call(route, tokens[role]);
        const admitted =
          !['401', '403'].includes(answer.slice(0, 3)) || !/AUTH_(FORBIDDEN|REQUIRED|TOKEN)/.test(answer);
        expect([name, role, admitted]).toEqual([name, role, route.roles!.includes(role)]);
      }
    }
  });

  it('what is public is little, and known', async () => {
    const open = (await documentedRoutes()).filter(({ roles }) => roles === undefined);
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /.well-known/jwks.json',
      'GET /auth/sso',
      'GET /auth/sso/callback',
      'GET /health/live',
      'GET /health/ready',
      'GET /health/startup',
      'GET /metrics',
      'GET /version',
      'POST /auth/login',
      'POST /auth/password/reset',
      'POST /auth/refresh',
      'POST /auth/token',
    ]);
  });

  it('a role is what the account has now, whatever a header or a body says', async () => {
    for (const headers of [
      { 'X-User-Id': UNKNOWN_ID, 'X-Role': 'admin' },
      { 'X-HTTP-Method-Override': 'GET' },
      { 'X-Original-URL': '/users', 'X-Rewrite-URL': '/users' },
      { Cookie: `access_token=${tokens.admin}` },
    ] as Record<string, string>[]) {
      expect((await client.call('GET', '/admin/secure', { token: tokens.viewer, headers })).status).toBe(403);
      expect((await client.call('GET', '/admin/secure', { headers })).status).toBe(401);
    }
    expect((await client.get(`/admin/secure?access_token=${tokens.admin}`)).status).toBe(401);
    for (const authorization of [
      'Basic YWRtaW46eA==',
      `bearer`,
      `Bearer`,
      `Bearer  `,
      `Token ${tokens.admin}`,
    ]) {
      expect(
        (await client.call('GET', '/admin/secure', { headers: { Authorization: authorization } })).status,
      ).toBe(401);
    }
  });
});
