import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AuditSequencer } from '../../src/audit/sequencer/audit-sequencer';
import { loadConfiguration } from '../../src/config/configuration';
import { createTestDatabase, type TestDatabase } from '../harness/database';
import { temporaryDirectory } from '../harness/temporary-directory';

Logger.overrideLogger(false);
jest.setTimeout(30_000);

let database: TestDatabase;
let sequencer: AuditSequencer;
let client: Client;

beforeEach(async () => {
  database = await createTestDatabase();
  sequencer = new AuditSequencer(
    database.urls,
    loadConfiguration({ DATA_DIR: temporaryDirectory() }).database,
  );
  sequencer.onApplicationBootstrap();
  client = await connect();
});
afterEach(async () => {
  await sequencer.onModuleDestroy();
  await client.end();
  await database.drop();
});

async function connect(): Promise<Client> {
  const application = new Client({ connectionString: database.urls.application });
  await application.connect();
  return application;
}

async function add(by: Client, id: string, action = 'result.read'): Promise<void> {
  const entry = { event_id: id, occurred_at: new Date().toISOString(), action, outcome: 'success' };
  await by.query('INSERT INTO audit_inbox (event_id, canonical) VALUES ($1, $2)', [
    id,
    JSON.stringify(entry),
  ]);
}

/** Waits until the chain holds so many entries. @returns their events and actions, in order */
async function chained(count: number): Promise<[string, string][]> {
  for (;;) {
    const { rows } = await client.query<{ event_id: string; action: string }>(
      'SELECT event_id, action FROM audit_logs ORDER BY seq',
    );
    if (rows.length >= count) return rows.map(({ event_id, action }) => [event_id, action]);
    await sleep(20);
  }
}

describe('the sequencer [R-10]', () => {
  it('chains an entry that took its id first and committed last', async () => {
    const [slow, fast] = [uuidv7(), uuidv7()];
    const late = await connect();
    await late.query('BEGIN');
    await add(late, slow);
    await add(client, fast);
    expect(await chained(1)).toEqual([[fast, 'result.read']]);
    await late.query('COMMIT');
    await late.end();
    expect(await chained(2)).toEqual([
      [fast, 'result.read'],
      [slow, 'result.read'],
    ]);
  });

  it('an event that comes a second time is turned away on the record, and holds up nobody', async () => {
    const [first, other] = [uuidv7(), uuidv7()];
    await add(client, first);
    await chained(1);
    await client.query('BEGIN');
    await add(client, first, 'user.created');
    await add(client, other);
    await client.query('COMMIT');
    const entries = await chained(3);
    expect(entries.map(([, action]) => action).toSorted()).toEqual([
      'audit.rejected',
      'result.read',
      'result.read',
    ]);
    const { rows } = await client.query(
      `SELECT object_id, outcome FROM audit_logs WHERE action = 'audit.rejected'`,
    );
    expect(rows).toEqual([{ object_id: first, outcome: 'refused' }]);
    expect((await client.query('SELECT FROM audit_inbox')).rowCount).toBe(0);
  });

  it('chains more than a batch at once, densely', async () => {
    await client.query(
      `INSERT INTO audit_inbox (event_id, canonical)
       SELECT id, format('{"event_id":"%s","occurred_at":"t","action":"a.b","outcome":"success"}', id)
       FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 5000)) AS ids`,
    );
    await chained(5_000);
    const { rows } = await client.query(
      'SELECT count(*)::int, max(seq)::int, count(DISTINCT previous_hash)::int AS links FROM audit_logs',
    );
    expect(rows).toEqual([{ count: 5_000, max: 5_000, links: 5_000 }]);
  });
});
