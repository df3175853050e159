import { PASSWORD, type RunningApp, SAMPLE, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

let running: RunningApp;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  running = await startApp();
  for (const role of ['admin', 'clinician', 'auditor'] as const) tokens[role] = await running.token(role);
  await running.dataSource.query(
    `CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'no commit today'; END $$`,
  );
});
afterAll(() => running.stop());

const call = (method: string, path: string, role?: string, body?: unknown): Promise<Response> => {
  const isImage = body instanceof Uint8Array;
  return fetch(`${running.url}${path}`, {
    method,
    headers: {
      ...(role && { Authorization: `Bearer ${tokens[role]}` }),
      ...(body !== undefined && { 'Content-Type': isImage ? 'image/png' : 'application/json' }),
    },
    body: body === undefined ? undefined : isImage ? (body as RequestInit['body']) : JSON.stringify(body),
  });
};

async function count(table: string): Promise<number> {
  const [row] = await running.dataSource.query<[{ count: number }]>(`SELECT count(*)::int FROM ${table}`);
  return row.count;
}

async function metric(name: string): Promise<number> {
  const text = await (await call('GET', '/metrics')).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

const USER = {
  username: 'somebody.new',
  email: 'somebody@example.org',
  password: PASSWORD,
  role: 'viewer',
  full_name: 'Somebody New',
};

/** How the database may refuse the entry, and what makes it well again. */
const FAULTS: [string, string, string][] = [
  [
    'COMMIT fails',
    `CREATE CONSTRAINT TRIGGER commit_fails AFTER INSERT ON audit_inbox DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW EXECUTE FUNCTION fail_at_commit()`,
    'DROP TRIGGER commit_fails ON audit_inbox',
  ],
  [
    'the inbox is gone',
    'ALTER TABLE audit_inbox RENAME TO audit_inbox_away',
    'ALTER TABLE audit_inbox_away RENAME TO audit_inbox',
  ],
];

describe.each(FAULTS)('no entry, no effect [R-09] [R-30]: %s', (_name, fault, remedy) => {
  beforeAll(() => running.dataSource.query(fault));
  afterAll(() => running.dataSource.query(remedy));

  it.each<[string, string, string | undefined, unknown, string]>([
    ['POST', '/users', 'admin', USER, 'users'],
    ['POST', '/infer', 'clinician', SAMPLE, 'inference_results'],
    ['POST', '/auth/login', undefined, { username: 'viewer', password: PASSWORD }, 'refresh_tokens'],
    ['POST', '/auth/logout', 'auditor', undefined, 'revoked_tokens'],
    ['GET', '/results', 'clinician', undefined, 'inference_results'],
    ['GET', '/audit', 'auditor', undefined, 'audit_logs'],
  ])('%s %s › 503 AUDIT_UNAVAILABLE and nothing is stored', async (method, path, role, body, table) => {
    const stored = await count(table);
    const refused = await metric('medai_audit_unavailable_total');
    const answer = await call(method, path, role, body);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.headers.get('audit-event-id')).toBeNull();
    const problem = await answer.json();
    expect(problem).toMatchObject({ code: 'AUDIT_UNAVAILABLE', category: 'DATABASE' });
    expect(problem).not.toHaveProperty('items');
    expect(await count(table)).toBe(stored);
    expect(await metric('medai_audit_unavailable_total')).toBe(refused + 1);
  });

  it.each([
    ['GET', '/admin/secure', undefined, 401],
    ['GET', '/admin/secure', 'clinician', 403],
    ['GET', '/results/01900000-0000-7000-8000-000000000000', 'clinician', 404],
  ])('%s %s as %s › the refusal stands, counted as unrecorded', async (method, path, role, status) => {
    const before = await metric('medai_audit_unrecorded_refusals_total');
    expect((await call(method, path, role)).status).toBe(status);
    expect(await metric('medai_audit_unrecorded_refusals_total')).toBe(before + 1);
  });

  it('health is not affected', async () => {
    expect((await call('GET', '/health/live')).status).toBe(200);
  });
});

it('when the database is well again, so is everything', async () => {
  expect((await call('POST', '/users', 'admin', USER)).status).toBe(201);
  expect((await call('POST', '/infer', 'clinician', SAMPLE)).status).toBe(200);
});
