import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../src/audit/audit-trail.service';
import { RetentionConfig } from '../../src/config/retention.config';
import { RetentionSweep } from '../../src/results/retention/retention-sweep.service';
import { startReplica } from '../harness/replica';
import { insertResultRows } from '../harness/result-rows';
import { type RunningApp, startApp } from '../harness/running-app';
import type { ServerProcess } from '../harness/server-process';

jest.setTimeout(120_000);

type Role = 'application' | 'sequencer' | 'owner' | 'superuser' | 'replica mode';
const EXPIRED = { expires_at: `now() - interval '1 hour' - n * interval '1 second'` };
const DUE = {
  ...EXPIRED,
  marked_at: `now() - interval '20 minutes'`,
  purge_after: `now() - interval '10 minutes'`,
};
const signal = new AbortController().signal;

let running: RunningApp;
let sweep: RetentionSweep;
let modelId: string;
let userId: string;
const clients = {} as Record<Role, Client>;

beforeAll(async () => {
  running = await startApp({ RETENTION_SWEEP_SECONDS: '0', RETENTION_GRACE_DAYS: '7' });
  sweep = running.app.get(RetentionSweep);
  [{ id: modelId }] = await running.dataSource.query<[{ id: string }]>('SELECT id FROM model_versions');
  [{ id: userId }] = await running.dataSource.query<[{ id: string }]>(
    "SELECT id FROM users WHERE username = 'admin'",
  );
  const { application, sequencer, migration } = running.databaseUrls;
  clients.application = await connect(application);
  clients.sequencer = await connect(sequencer);
  clients.owner = await connect(migration, 'SET ROLE medai_owner');
  clients.superuser = await connect(migration);
  clients['replica mode'] = await connect(migration, 'SET session_replication_role = replica');
});
afterAll(async () => {
  for (const client of Object.values(clients)) await client.end();
  await running.stop();
});

async function connect(url: string, setting = 'SELECT 1'): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(setting);
  return client;
}

/** @returns the ids of new results, which no other test has */
async function insert(count: number, columns: Record<string, string> = {}): Promise<string[]> {
  const region = `region ${createdRegions++}`;
  await insertResultRows(running.dataSource, {
    count,
    modelId,
    createdBy: userId,
    columns: {
      created_at: `now() - interval '10 years'`,
      ...columns,
      anatomical_region: `'${region}'`,
    },
  });
  const rows = await running.dataSource.query<{ id: string }[]>(
    'SELECT id FROM inference_results WHERE anatomical_region = $1 ORDER BY id',
    [region],
  );
  return rows.map(({ id }) => id);
}
let createdRegions = 0;

async function left(ids: readonly string[]): Promise<string[]> {
  const rows = await running.dataSource.query<{ id: string }[]>(
    'SELECT id FROM inference_results WHERE id = ANY ($1) ORDER BY id',
    [ids],
  );
  return rows.map(({ id }) => id);
}

interface Entry {
  readonly action: string;
  readonly actor_role: string;
  readonly details: { count: number; returned_ids: string[]; result_hash?: string };
}

/** Entries of the sweep that name one of the ids. */
async function entriesAbout(ids: readonly string[]): Promise<Entry[]> {
  const rows = await running.dataSource.query<{ entry: Entry }[]>(
    `SELECT canonical::jsonb AS entry FROM audit_inbox UNION ALL SELECT canonical::jsonb FROM audit_logs`,
  );
  return rows
    .map(({ entry }) => entry)
    .filter(({ details }) => details.returned_ids?.some((id) => ids.includes(id)))
    .filter(({ action }) => action === 'result.marked' || action === 'result.purged');
}

const hold = (client: Client, id: string): Promise<unknown> =>
  client.query(
    `INSERT INTO legal_holds (id, inference_result_id, reason, placed_by, placed_at)
     VALUES (gen_random_uuid(), $1, 'a dispute', $2, now())`,
    [id, userId],
  );

/** In a transaction that is rolled back. @returns constraint or SQLSTATE of the refusal; undefined: allowed */
async function attempt(role: Role, ...statements: string[]): Promise<string | undefined> {
  await clients[role].query('BEGIN');
  try {
    for (const statement of statements) await clients[role].query(statement);
    return undefined;
  } catch (error) {
    const { constraint, code } = error as { constraint?: string; code: string };
    return constraint ?? code;
  } finally {
    await clients[role].query('ROLLBACK');
  }
}

const RETENTION = 'inference_results_retention';
const HELD = 'inference_results_legal_hold';
const EVERYBODY: Role[] = ['application', 'owner', 'superuser', 'replica mode'];

describe('what must be kept is kept, whoever asks [R-32] [R-55]', () => {
  let young: string;
  let held: string;
  beforeAll(async () => {
    [young] = (await insert(1, { expires_at: `now() + interval '1 day'` })) as [string];
    [held] = (await insert(1, EXPIRED)) as [string];
    await hold(clients.application, held);
  });

  it.each(EVERYBODY)('%s deletes neither what is young nor what is held', async (role) => {
    const remove = (id: string): string => `DELETE FROM inference_results WHERE id = '${id}'`;
    const set = (id: string, what: string): string =>
      `UPDATE inference_results SET ${what} WHERE id = '${id}'`;
    expect(await attempt(role, remove(young))).toBe(RETENTION);
    expect(await attempt(role, remove(held))).toBe(HELD);
    expect(await attempt(role, set(young, `expires_at = now() - interval '1 day'`))).toBe(RETENTION);
    expect(await attempt(role, set(young, 'marked_at = now(), purge_after = now()'))).toBe(RETENTION);
    expect(await attempt(role, set(held, 'legal_hold = false'))).toBe(HELD);
    expect(await attempt(role, set(young, 'legal_hold = true'))).toBe(HELD);
    expect(await attempt(role, set(held, 'marked_at = now(), purge_after = now()'))).toBe(
      'inference_results_marked_ck',
    );
    expect(await attempt(role, set(young, `expires_at = expires_at + interval '1 year'`))).toBe(undefined);
    for (const content of [
      'outputs = NULL',
      'prediction = NULL',
      'created_at = now()',
      'id = gen_random_uuid()',
    ])
      expect([content, await attempt(role, set(young, content))]).toEqual([
        content,
        'inference_results_content',
      ]);
  });

  it.each(EVERYBODY)('%s takes nothing away from a result that stays', async (role) => {
    for (const table of ['legal_holds', 'validation_results'])
      expect(await attempt(role, `DELETE FROM ${table} WHERE inference_result_id = '${held}'`)).toBe(
        RETENTION,
      );
    for (const change of [`reason = 'none'`, 'placed_by = released_by', `inference_result_id = '${young}'`])
      expect(await attempt(role, `UPDATE legal_holds SET ${change}`)).toBe('legal_holds_permanent');
  });

  it.each(['owner', 'superuser', 'replica mode'] as const)('%s truncates nothing', async (role) => {
    for (const table of ['inference_results', 'validation_results', 'result_reviews', 'legal_holds', 'users'])
      expect([table, await attempt(role, `TRUNCATE ${table} CASCADE`)]).toEqual([
        table,
        expect.stringMatching(new RegExp(`^(${RETENTION}|42501)$`)),
      ]);
  });

  it('the sequencer sees no results at all', async () => {
    expect(await attempt('sequencer', 'DELETE FROM inference_results')).toBe('42501');
  });

  it('the moment of expiry is exact, and so is the end of the grace time', async () => {
    // now() is the same throughout a transaction
    const [id] = (await insert(1, { expires_at: `'infinity'` })) as [string];
    const at = async (expiry: string, purgeAfter: string): Promise<string | undefined> =>
      attempt(
        'superuser',
        'ALTER TABLE inference_results DISABLE TRIGGER inference_results_retention',
        `UPDATE inference_results SET expires_at = ${expiry}, marked_at = now() - interval '1 hour', purge_after = ${purgeAfter}
         WHERE id = '${id}'`,
        'ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_retention',
        `DELETE FROM inference_results WHERE id = '${id}'`,
      );
    const after = `now() + interval '1 microsecond'`;
    expect(await at('now()', 'now()')).toBe(undefined);
    expect(await at(after, 'now()')).toBe(RETENTION);
    expect(await at('now()', after)).toBe(RETENTION);
    expect(await at('NULL', 'now()')).toBe(RETENTION);
  });
});

describe('the sweep [R-32]', () => {
  it('marks what has expired and nothing else, and purges it only after the grace time', async () => {
    const expired = await insert(3, EXPIRED);
    const others = [
      ...(await insert(1, { expires_at: `now() + interval '1 hour'` })),
      ...(await insert(1, { expires_at: 'NULL' })),
    ];
    await sweep.mark(signal);
    await sweep.purge(signal);
    expect(await left([...expired, ...others])).toHaveLength(5);
    const [row] = await running.dataSource.query<[{ grace: string; marked: string[] }]>(
      `SELECT min(purge_after - marked_at)::text AS grace, array_agg(id::text ORDER BY id) AS marked
       FROM inference_results WHERE id = ANY ($1) AND marked_at IS NOT NULL`,
      [[...expired, ...others]],
    );
    expect(row).toEqual({ grace: '7 days', marked: expired });
    const [entry] = await entriesAbout(expired);
    expect(entry).toMatchObject({ action: 'result.marked', actor_role: 'system' });
    expect(entry!.details.returned_ids).toEqual(expect.arrayContaining(expired));
    expect(entry!.details.count).toBe(entry!.details.returned_ids.length);
  });

  it('purges what is due with all that hangs on it, and proves what went', async () => {
    const ids = await insert(2, DUE);
    await running.dataSource.query(
      `WITH signature AS (
         INSERT INTO electronic_signatures (id, record_type, record_id, record_hash, signer_id, printed_name, role, meaning, signed_at, key_id, signature)
         VALUES (gen_random_uuid(), 'result_review', $1, repeat('a', 64), $2, 'x', 'x', 'x', now(), 'x', decode(repeat('00', 64), 'hex')) RETURNING id)
       INSERT INTO result_reviews (id, inference_result_id, revision, decision, reviewed_by, reviewed_at, signature_id)
       SELECT $1, $1, 1, 'approved', $2, now(), id FROM signature`,
      [ids[0], userId],
    );
    await running.dataSource.query(
      `WITH batch AS (INSERT INTO inference_batches (id, created_by, created_by_role, priority, created_at, finished_at)
         VALUES ($1, $2, 'clinician', 'normal', now(), now()) RETURNING id)
       INSERT INTO inference_batch_items (batch_id, position, inference_id, status) SELECT id, 0, $1, 'completed' FROM batch`,
      [ids[1], userId],
    );
    await running.dataSource.query('UPDATE inference_results SET batch_id = id WHERE id = $1', [ids[1]]);
    // as docs/retention.md has it
    const [proof] = await running.dataSource.query<[{ digest: string }]>(
      `SELECT encode(sha256(convert_to(string_agg(id || ' ' || result_record_hash(r) || E'\\n', '' ORDER BY id), 'UTF8')), 'hex') AS digest
       FROM inference_results r WHERE id = ANY ($1)`,
      [ids],
    );
    await sweep.purge(signal);
    for (const table of ['inference_results', 'result_reviews', 'inference_batches'])
      expect([
        table,
        await running.dataSource.query(`SELECT id FROM ${table} WHERE id = ANY ($1)`, [ids]),
      ]).toEqual([table, []]);
    for (const [table, column] of [
      ['validation_results', 'inference_result_id'],
      ['electronic_signatures', 'record_id'],
      ['inference_batch_items', 'inference_id'],
    ])
      expect(
        await running.dataSource.query(`SELECT 1 FROM ${table} WHERE ${column} = ANY ($1)`, [ids]),
      ).toEqual([]);
    expect(await entriesAbout(ids)).toMatchObject([
      {
        action: 'result.purged',
        actor_role: 'system',
        details: {
          count: 2,
          returned_ids: ids,
          result_hash: proof.digest,
        },
      },
    ]);
  });

  it('a batch stays as long as one of its results does', async () => {
    const [going, staying] = [await insert(1, DUE), await insert(1, { expires_at: `'infinity'` })];
    const batchId = going[0]!;
    await running.dataSource.query(
      `INSERT INTO inference_batches (id, created_by, created_by_role, priority, created_at, finished_at)
       VALUES ($1, $2, 'clinician', 'normal', now(), now())`,
      [batchId, userId],
    );
    await running.dataSource.query('UPDATE inference_results SET batch_id = $1 WHERE id = ANY ($2)', [
      batchId,
      [...going, ...staying],
    ]);
    await sweep.purge(signal);
    expect(await left([...going, ...staying])).toEqual(staying);
    expect(
      await running.dataSource.query('SELECT FROM inference_batches WHERE id = $1', [batchId]),
    ).toHaveLength(1);
  });

  it('the record hash says what was said, not who the patient is under which key, nor where the deletion stands', async () => {
    const [id] = await insert(1, { ...DUE, outputs: `'{"p":[[0.01,0.99]]}'` });
    const hashAfter = async (change: string): Promise<string> => {
      await clients.superuser.query('BEGIN');
      try {
        await clients.superuser.query('ALTER TABLE inference_results DISABLE TRIGGER USER');
        await clients.superuser.query(`UPDATE inference_results SET ${change} WHERE id = '${id}'`);
        await clients.superuser.query(`SET LOCAL timezone = 'Asia/Tokyo'`);
        const { rows } = await clients.superuser.query<{ hash: string }>(
          'SELECT result_record_hash(r) AS hash FROM inference_results r WHERE id = $1',
          [id],
        );
        return rows[0]!.hash;
      } finally {
        await clients.superuser.query('ROLLBACK');
      }
    };
    const hash = await hashAfter('batch_id = NULL');
    expect(await hashAfter(`patient_id = 'aaaaaaaa:bbbb'`)).toBe(hash);
    expect(await hashAfter('marked_at = NULL, purge_after = NULL')).toBe(hash);
    expect(await hashAfter(`outputs = '{"p":[[0.02,0.99]]}'`)).not.toBe(hash);
    expect(await hashAfter(`image_hash = repeat('f', 64)`)).not.toBe(hash);
  });
});

describe('a hold and a purge at once: the hold wins or comes too late [R-32]', () => {
  const release = (id: string): Promise<unknown> =>
    clients.application.query(
      `UPDATE legal_holds SET release_reason = 'settled', released_by = $2, released_at = now() WHERE inference_result_id = $1`,
      [id, userId],
    );

  it('a hold that is being placed is passed by, and once placed it has undone the mark', async () => {
    const [held, other] = (await insert(2, DUE)) as [string, string];
    await clients.application.query('BEGIN');
    await hold(clients.application, held);
    await sweep.purge(signal);
    expect(await left([held, other])).toEqual([held]);
    await clients.application.query('COMMIT');
    await sweep.mark(signal);
    await sweep.purge(signal);
    const state = (): Promise<unknown> =>
      running.dataSource.query(
        'SELECT legal_hold, marked_at, purge_after FROM inference_results WHERE id = $1',
        [held],
      );
    expect(await state()).toEqual([{ legal_hold: true, marked_at: null, purge_after: null }]);
    await hold(clients.application, held);
    await clients.application.query(
      `UPDATE legal_holds SET release_reason = 'settled', released_by = $2, released_at = now()
       WHERE id = (SELECT id FROM legal_holds WHERE inference_result_id = $1 LIMIT 1)`,
      [held, userId],
    );
    expect(await state()).toMatchObject([{ legal_hold: true }]);
    await running.dataSource.query(
      `UPDATE legal_holds SET release_reason = 'settled', released_by = $2, released_at = now()
       WHERE inference_result_id = $1 AND released_at IS NULL`,
      [held, userId],
    );
    expect(await state()).toMatchObject([{ legal_hold: false, marked_at: null }]);
    await expect(release(held)).rejects.toMatchObject({ constraint: 'legal_holds_permanent' });
    await sweep.mark(signal);
    await sweep.purge(signal);
    expect(await left([held])).toEqual([held]);
  });

  it('a DELETE that waits for the hold is refused when the hold is there', async () => {
    const [id] = (await insert(1, DUE)) as [string];
    await clients.application.query('BEGIN');
    await hold(clients.application, id);
    const deletion = clients.superuser.query('DELETE FROM inference_results WHERE id = $1', [id]).then(
      () => undefined,
      (error: { constraint?: string }) => error.constraint,
    );
    await untilBlocked();
    await clients.application.query('COMMIT');
    expect(await deletion).toBe(HELD);
  });

  it('two holds released at once leave none in force', async () => {
    const [id] = (await insert(1, EXPIRED)) as [string];
    await hold(clients.application, id);
    await hold(clients.application, id);
    const rows = await running.dataSource.query<{ id: string }[]>(
      'SELECT id FROM legal_holds WHERE inference_result_id = $1',
      [id],
    );
    const one = (client: Client, holdId: string): Promise<unknown> =>
      client.query(
        `UPDATE legal_holds SET release_reason = 'settled', released_by = $2, released_at = now() WHERE id = $1`,
        [holdId, userId],
      );
    await clients.application.query('BEGIN');
    await one(clients.application, rows[0]!.id);
    const second = one(clients.superuser, rows[1]!.id);
    await untilBlocked();
    await clients.application.query('COMMIT');
    await second;
    expect(
      await running.dataSource.query('SELECT legal_hold FROM inference_results WHERE id = $1', [id]),
    ).toEqual([{ legal_hold: false }]);
  });
});

async function untilBlocked(): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const [row] = await running.dataSource.query<[{ count: number }]>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (row.count > 0) return;
    await sleep(10);
  }
  throw new Error('nobody waits for a lock');
}

describe('several replicas [R-32]', () => {
  const servers: ServerProcess[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.end('SIGKILL')));
  });

  /** With a sweep a second and no grace time. */
  async function startServer(): Promise<ServerProcess> {
    const server = await startReplica(running, {
      DATABASE_URL: running.databaseUrls.application,
      DATABASE_SEQUENCER_URL: running.databaseUrls.sequencer,
      DATABASE_MIGRATION_URL: running.databaseUrls.migration,
      BATCH_WORKERS: '0',
      RETENTION_SWEEP_SECONDS: '1',
      RETENTION_GRACE_DAYS: '0',
    });
    servers.push(server);
    return server;
  }

  async function expectOnce(ids: readonly string[]): Promise<void> {
    const entries = (await entriesAbout(ids)).filter(({ action }) => action === 'result.purged');
    const named = entries.flatMap(({ details }) => details.returned_ids).filter((id) => ids.includes(id));
    expect(named.toSorted()).toEqual([...ids]);
    expect(entries.length).toBeGreaterThan(1);
  }

  it('at work at once purge each result once', async () => {
    const ids = await insert(1200, DUE);
    const other = await new DataSource(running.dataSource.options).initialize();
    const config = { graceDays: 0 } as RetentionConfig;
    const second = new RetentionSweep(other, new AuditTrail(other), config);
    while ((await left(ids)).length > 0) await Promise.all([sweep.purge(signal), second.purge(signal)]);
    await other.destroy();
    expect(await left(ids)).toEqual([]);
    await expectOnce(ids);
  });

  it('one that is killed in the middle of a chunk has purged none of it; another goes on', async () => {
    const first = await startServer();
    await clients.superuser.query('BEGIN');
    await clients.superuser.query('LOCK TABLE audit_inbox IN EXCLUSIVE MODE');
    const ids = await insert(600, DUE);
    const pid = await untilDeleted();
    await first.end('SIGKILL');
    await clients.superuser.query('ROLLBACK');
    await untilGone(pid);
    expect(await left(ids)).toEqual(ids);
    expect(await entriesAbout(ids)).toEqual([]);
    await startServer();
    for (let tries = 0; (await left(ids)).length > 0 && tries < 600; tries++) await sleep(50);
    expect(await left(ids)).toEqual([]);
    await expectOnce(ids);
  });

  /** @returns the backend that has deleted a chunk and waits to write its entry */
  async function untilDeleted(): Promise<number> {
    for (let tries = 0; tries < 1000; tries++) {
      const [row] = await running.dataSource.query<{ pid: number }[]>(
        `SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO audit_inbox%'`,
      );
      if (row !== undefined) return row.pid;
      await sleep(10);
    }
    throw new Error('nobody has purged anything');
  }

  async function untilGone(pid: number): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      const rows = await running.dataSource.query<unknown[]>('SELECT FROM pg_stat_activity WHERE pid = $1', [
        pid,
      ]);
      if (rows.length === 0) return;
      await sleep(10);
    }
    throw new Error('the backend of the killed replica stays');
  }
});
