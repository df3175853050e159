import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../harness/database';

const ENTRY = (id: string): string =>
  `{"action":"auth.login","event_id":"${id}","occurred_at":"2026-01-01T00:00:00.000Z","outcome":"success"}`;
const CHAINED = '01900000-0000-7000-8000-000000000001';
const WAITING = '01900000-0000-7000-8000-000000000002';
const HASH = `'\\x${'00'.repeat(32)}'`;

type Role = 'application' | 'sequencer' | 'owner' | 'superuser' | 'replica mode';

let database: TestDatabase;
const clients = {} as Record<Role, Client>;

async function connect(url: string, ...settings: string[]): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const setting of settings) await client.query(setting);
  return client;
}

beforeAll(async () => {
  database = await createTestDatabase();
  const { application, sequencer } = database.urls;
  clients.application = await connect(application);
  clients.sequencer = await connect(sequencer);
  clients.owner = await connect(database.url, 'SET ROLE medai_owner');
  clients.superuser = await connect(database.url);
  clients['replica mode'] = await connect(database.url, 'SET session_replication_role = replica');
  await add(WAITING);
  await clients.sequencer.query(
    `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash) VALUES (1, '${ENTRY(CHAINED)}', ${HASH}, ${HASH})`,
  );
});
afterAll(async () => {
  for (const client of Object.values(clients)) await client.end();
  await database.drop();
});

const add = (id: string, canonical = ENTRY(id)): Promise<unknown> =>
  clients.application.query('INSERT INTO audit_inbox (event_id, canonical) VALUES ($1, $2)', [id, canonical]);

/** In a transaction that is rolled back. @returns the SQLSTATE, or undefined when it was allowed */
async function attempt(role: Role, sql: string): Promise<string | undefined> {
  await clients[role].query('BEGIN');
  try {
    await clients[role].query(sql);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await clients[role].query('ROLLBACK');
  }
}

const REFUSED = '42501';
const EVERYBODY: Role[] = ['application', 'sequencer', 'owner', 'superuser', 'replica mode'];
const upsert = (table: string, columns: string, values: string): string =>
  `INSERT INTO ${table} (${columns}) VALUES (${values}) ON CONFLICT (event_id) DO UPDATE SET canonical = 'x'`;

describe('what is written stays written [R-09] [R-55]', () => {
  const statements = [
    `UPDATE audit_logs SET canonical = '{}'`,
    `UPDATE audit_logs SET action = 'auth.logout'`,
    'DELETE FROM audit_logs',
    'TRUNCATE audit_logs',
    `UPDATE audit_inbox SET canonical = '{}'`,
    'TRUNCATE audit_inbox',
    `DELETE FROM audit_inbox WHERE event_id = '${WAITING}'`,
    upsert('audit_inbox', 'event_id, canonical', `'${WAITING}', '${ENTRY(WAITING)}'`),
    upsert(
      'audit_logs',
      'seq, canonical, entry_hash, previous_hash',
      `2, '${ENTRY(CHAINED)}', ${HASH}, ${HASH}`,
    ),
    `MERGE INTO audit_logs USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE`,
  ];
  it.each(EVERYBODY.flatMap((role) => statements.map((sql) => [role, sql] as const)))(
    '%s: %s › refused',
    async (role, sql) => {
      expect(await attempt(role, sql)).toBe(REFUSED);
    },
  );

  it.each(['application', 'sequencer'] as const)(
    '%s cannot put the protection aside, nor read more',
    async (role) => {
      for (const sql of [
        'ALTER TABLE audit_logs DISABLE TRIGGER ALL',
        'SET session_replication_role = replica',
        'DROP TABLE audit_logs',
        'ALTER TABLE audit_inbox DROP CONSTRAINT audit_inbox_canonical_ck',
        'CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
        'SET ROLE medai_owner',
        `INSERT INTO schema_migrations (timestamp, name) VALUES (1, 'x')`,
        'CREATE TABLE mine (a int)',
      ]) {
        expect([sql, await attempt(role, sql)]).toEqual([sql, REFUSED]);
      }
    },
  );

  it('the owner can switch the triggers off: that is what checkpoints outside the database are for', async () => {
    expect(await attempt('owner', 'ALTER TABLE audit_logs DISABLE TRIGGER ALL; DELETE FROM audit_logs')).toBe(
      undefined,
    );
  });
});

describe('each role can do its own work and no other', () => {
  it.each<[Role, string, string | undefined]>([
    ['application', 'SELECT FROM audit_logs', undefined],
    ['application', 'SELECT FROM audit_inbox', undefined],
    [
      'application',
      `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash) VALUES (2, '', '', '')`,
      REFUSED,
    ],
    [
      'application',
      `INSERT INTO audit_inbox (event_id, canonical, queued_at) VALUES (NULL, '', now())`,
      REFUSED,
    ],
    [
      'sequencer',
      `INSERT INTO audit_inbox (event_id, canonical, queued_at) VALUES (NULL, '', now())`,
      REFUSED,
    ],
    [
      'sequencer',
      `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash, sequenced_at) VALUES (2, '', '', '', now())`,
      REFUSED,
    ],
    ['sequencer', 'SELECT FROM users', REFUSED],
    ['sequencer', 'SELECT FROM inference_results', REFUSED],
  ])('%s: %s', async (role, sql, code) => {
    expect(await attempt(role, sql)).toBe(code);
  });
});

describe('what enters the inbox can be chained', () => {
  const id = '01900000-0000-7000-8000-000000000003';
  it.each([
    ['no JSON', 'hello', '22P02'],
    ['a NUL', ENTRY(id).replace('success', String.raw`\u0000`), '22P05'],
    ['no action', ENTRY(id).replace('action', 'deed'), '23514'],
    ['an action that is no text', ENTRY(id).replace('"auth.login"', 'null'), '23514'],
    ['the id of another event', ENTRY(CHAINED), '23514'],
    ['an array', `[${ENTRY(id)}]`, '23514'],
    ['33 KB', ENTRY(id).replace('success', 'x'.repeat(33_000)), '23514'],
    ['an id that waits already', ENTRY(WAITING), '23505'],
  ])('%s › refused', async (name, canonical, code) => {
    const eventId = name.endsWith('already') ? WAITING : id;
    await expect(add(eventId, canonical)).rejects.toMatchObject({ code });
  });

  it('the query columns come out of the text, whatever the statement says', async () => {
    await clients.superuser.query(
      `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash, action, actor_id)
       VALUES (2, '${ENTRY(id)}', ${HASH}, ${HASH}, 'result.read', 'somebody else')`,
    );
    const { rows } = await clients.application.query(
      'SELECT action, actor_id, event_id FROM audit_logs WHERE seq = 2',
    );
    expect(rows).toEqual([{ action: 'auth.login', actor_id: null, event_id: id }]);
  });
});
