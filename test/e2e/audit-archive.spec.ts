import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { Checkpointer } from '../../src/audit/checkpoint/checkpointer.service';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
import { leafHash } from '../../src/audit/merkle/merkle-hash';
import { rootFromInclusion } from '../../src/audit/merkle/merkle-proof';
import { formatNoteKey } from '../../src/audit/note/note-key';
import { chainNextBatch } from '../../src/audit/sequencer/audit-batch';
import { AuditSequencer } from '../../src/audit/sequencer/audit-sequencer';
import { appendEntries, rechain, tamper } from '../harness/audit-log';
import { offline, type Verdict } from '../harness/offline-verifier';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

const ANCHOR = temporaryDirectory();
const ARCHIVES = temporaryDirectory();
const HOME = temporaryDirectory();
const FILE = join(ARCHIVES, 'audit-1-600.ndjson');
/** Stays in the table, whatever is archived. */
const ROTATION = 250;

let running: RunningApp;
let auditor: string;
let checkpointer: Checkpointer;
let owner: Client;

/** 800 entries, checkpoints at 300, 600 and 800; the first 610 were chained seven years ago. */
beforeAll(async () => {
  running = await startApp({ AUDIT_ANCHOR: ANCHOR, AUDIT_CHECKPOINT_SECONDS: '60' });
  auditor = await running.token('auditor');
  await get('/audit?sequenced=wait');
  await running.app.get(AuditSequencer).onModuleDestroy();
  checkpointer = running.app.get(Checkpointer);
  await checkpointer.onModuleDestroy();
  await running.dataSource.query('DELETE FROM audit_inbox WHERE false');
  for (const size of [300, 600, 800]) {
    await appendEntries(running.dataSource, size - (await head()));
    if (size === 300) {
      await tamper(running.dataSource, [
        `UPDATE audit_logs SET action = 'key.rotated', canonical = replace(canonical, 'result.read', 'key.rotated')
         WHERE seq = ${ROTATION}`,
      ]);
      await rechain(running.dataSource, ROTATION);
    }
    await checkpointer.round();
  }
  await tamper(running.dataSource, [
    `UPDATE audit_logs SET sequenced_at = sequenced_at - interval '7 years' WHERE seq <= 610`,
  ]);
  owner = new Client({ connectionString: asOwner() });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await running.stop();
});

interface Proof {
  readonly size: number;
  readonly root_hash: string;
  readonly hashes: string[];
}

const asOwner = (): string => `${running.database.url}?options=${encodeURIComponent('-c role=medai_owner')}`;

async function head(): Promise<number> {
  const [row] = await running.dataSource.query<[{ head: number }]>(
    'SELECT max(seq)::int AS head FROM audit_logs',
  );
  return row.head;
}

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${running.url}${path}`, { headers: { Authorization: `Bearer ${auditor}` } });
  return { status: response.status, text: await response.text() };
}

const getJson = async <Answer = object>(path: string): Promise<Answer> =>
  JSON.parse((await get(path)).text) as Answer;

function archive(variables: Record<string, string> = {}): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/archive-audit.js', ARCHIVES], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: running.dataDir,
      DATABASE_URL: running.databaseUrls.application,
      DATABASE_MIGRATION_URL: asOwner(),
      ...variables,
    },
  });
  return { status, said: stdout + stderr };
}

/** Puts into the chain what waits in the inbox, as the sequencer would. */
async function chain(): Promise<void> {
  const client = new Client({ connectionString: running.databaseUrls.sequencer });
  await client.connect();
  await chainNextBatch(client, 1_000);
  await client.end();
}

const eventAt = (seq: number): string =>
  (JSON.parse(readFileSync(FILE, 'utf8').split('\n')[seq - 1]!) as { event_id: string }).event_id;

function atHome(...files: string[]): Verdict {
  return offline(files, { key: formatNoteKey(running.app.get(CheckpointKeys).own) });
}

describe('npm run audit:archive › what it leaves alone [R-32] [R-55]', () => {
  it.each([
    ['entries that are too young', { AUDIT_RETENTION_DAYS: '3000' }, 0, 'Nothing to archive'],
    ['everything, when its file is there and says something else', {}, 1, 'holds something else'],
  ])('%s', async (_what, variables, status, says) => {
    if (status !== 0) writeFileSync(FILE, 'something else');
    expect(archive(variables)).toEqual({ status, said: expect.stringContaining(says) });
    rmSync(FILE, { force: true });
    expect(await getJson('/audit/verify')).toMatchObject({ valid: true, archived: 0, first_seq: '1' });
  });

  it('a trail that does not verify', async () => {
    const changed = (from: string, to: string): string =>
      `UPDATE audit_logs SET canonical = replace(canonical, '"ip":"${from}"', '"ip":"${to}"') WHERE seq = 400`;
    await tamper(running.dataSource, [changed('192.0.2.7', '192.0.2.8')]);
    expect(archive()).toEqual({ status: 1, said: expect.stringContaining('altered at entry 400') });
    await tamper(running.dataSource, [changed('192.0.2.8', '192.0.2.7')]);
    expect(readdirSync(ARCHIVES)).toEqual([]);
  });
});

describe('the only way out of the chain [R-09] [R-55]', () => {
  const HASH = `'\\x${'ab'.repeat(32)}'`;
  const EVENT = '01900000-0000-7000-8000-000000000077';
  const entry = (first: number, last: number): string => {
    const details = { archive_hash: 'ab'.repeat(32), first_seq: String(first), last_seq: String(last) };
    const text = { action: 'audit.archived', details, event_id: EVENT, occurred_at: '', outcome: 'success' };
    return `INSERT INTO audit_inbox (event_id, canonical) VALUES ('${EVENT}', '${JSON.stringify(text)}');`;
  };
  const range = (first: number, last: number, days = 2192): string =>
    `INSERT INTO audit_archives (first_seq, last_seq, file_hash, entry_hash, event_id, retention_days)
     SELECT ${first}, ${last}, ${HASH}, (SELECT entry_hash FROM audit_logs WHERE seq = ${last}), '${EVENT}', ${days};`;
  const remove = (first: number, last: number): string =>
    `DELETE FROM audit_logs WHERE seq BETWEEN ${first} AND ${last} AND action <> 'key.rotated';`;

  async function attempt(client: Client, sql: string): Promise<string | undefined> {
    await client.query('BEGIN');
    try {
      await client.query(sql);
      return undefined;
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await client.query('ROLLBACK');
    }
  }

  it.each<[string, string, string | undefined]>([
    ['an anchored range that an entry names', entry(1, 600) + range(1, 600) + remove(1, 600), undefined],
    ['without the archive', remove(1, 600), '42501'],
    ['without the entry', range(1, 600), '42501'],
    ['an entry that names another range', entry(1, 300) + range(1, 600), '42501'],
    ['not from the beginning', entry(2, 600) + range(2, 600), '42501'],
    ['not to a checkpoint', entry(1, 599) + range(1, 599), '42501'],
    ['too young', entry(1, 800) + range(1, 800), '42501'],
    ['too young for the retention it names', entry(1, 600) + range(1, 600, 3000), '42501'],
    ['a retention of no length', entry(1, 600) + range(1, 600, 0), '23514'],
    ['more than the archive holds', entry(1, 300) + range(1, 300) + remove(1, 301), '42501'],
    [
      'a change of keys',
      `${entry(1, 300)}${range(1, 300)} DELETE FROM audit_logs WHERE seq = ${ROTATION}`,
      '42501',
    ],
    [
      'a text that the tree does not know',
      `${entry(1, 300)}${range(1, 300)} ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only;
       UPDATE audit_logs SET canonical = '{}' WHERE seq = 7; ${remove(1, 300)}`,
      '42501',
    ],
  ])('the owner: %s', async (_what, sql, code) => {
    expect(await attempt(owner, sql)).toBe(code);
  });

  it.each(['application', 'sequencer'] as const)('the %s: nothing of it', async (role) => {
    const client = new Client({ connectionString: running.databaseUrls[role] });
    await client.connect();
    for (const sql of [
      range(1, 600),
      remove(1, 600),
      `INSERT INTO audit_archived_entries VALUES ('${EVENT}', 1)`,
    ])
      expect([sql, await attempt(client, sql)]).toEqual([sql, '42501']);
    await client.end();
  });
});

describe('an archive [R-10] [R-32] [R-55]', () => {
  beforeAll(async () => {
    writeFileSync(FILE, (await get('/audit/entries?from_seq=1&to_seq=600')).text); // as a run leaves it that was cut off
    expect(archive()).toMatchObject({
      status: 0,
      said: expect.stringContaining(`Entries 1 to 600 are in ${FILE}`),
    });
    await chain();
    await checkpointer.round();
  });

  it('is a file and the checkpoint over it, named by an entry; a second run finds nothing', async () => {
    const { items } = await getJson<{ items: object[] }>('/audit?action=audit.archived');
    const hash = createHash('sha256').update(readFileSync(FILE)).digest('hex');
    const details = { first_seq: '1', last_seq: '600', count: 600, archive_hash: hash };
    expect(items).toMatchObject([{ details: { ...details, checkpoint_size: '600', retention_days: 2192 } }]);
    expect(readdirSync(ARCHIVES)).toEqual(['audit-1-600.checkpoint', 'audit-1-600.ndjson']);
    expect(archive().said).toContain('Nothing to archive');
  });

  it('verifies at home by itself, and with a later export as one log', async () => {
    const checkpoint = FILE.replace('ndjson', 'checkpoint');
    expect(atHome(FILE, checkpoint)).toMatchObject({ valid: true, entries: 600, checkpoint_size: 600 });
    const later = join(HOME, 'later.ndjson');
    writeFileSync(later, (await get('/audit/entries')).text);
    expect(atHome(later, FILE, checkpoint, ANCHOR)).toMatchObject({ valid: true, entries: await head() });
    expect(atHome(later, ANCHOR)).toMatchObject({ problem: { class: 'gap', seq: 1 } });
  });

  it('leaves a trail that goes on and verifies, from its beginning or from within the archive', async () => {
    expect(checkpointer.state).toMatchObject({ key: 'in_force', problem: null });
    const last = String(await head());
    expect(await getJson('/audit/verify')).toMatchObject({
      valid: true,
      first_seq: '1',
      last_seq: last,
      entries: Number(last),
      archived: 600,
      problem: null,
    });
    expect(await getJson('/audit/verify?from_seq=400&to_seq=650')).toMatchObject({
      valid: true,
      entries: 251,
      archived: 201,
      checkpoint_size: 800,
    });
  });

  it('GET of an archived entry is 410 and names the file; what is kept is there; proofs go on', async () => {
    const archived = await get(`/audit/${eventAt(10)}`);
    expect(archived).toMatchObject({ status: 410, text: expect.stringContaining('AUDIT_ENTRY_ARCHIVED') });
    expect(archived.text).toContain('Entry 10 is in audit-1-600.ndjson, SHA-256');
    expect(await getJson(`/audit/${eventAt(ROTATION)}`)).toMatchObject({
      seq: String(ROTATION),
      altered: false,
    });
    expect(await getJson('/audit?limit=1')).toMatchObject({ archived_through: '600' });
    expect(await get('/audit/entries?from_seq=600')).toMatchObject({ status: 410 });
    expect((await get('/audit/entries')).text).toMatch(/^\{"seq":"601",/);

    const proof = await getJson<Proof>(`/audit/inclusion/${eventAt(10)}`);
    const { canonical } = JSON.parse(readFileSync(FILE, 'utf8').split('\n')[9]!) as { canonical: string };
    const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
    const root = rootFromInclusion(9, proof.size, leafHash(canonical), hashes);
    expect(root?.toString('base64')).toBe(proof.root_hash);
  });
});

describe('an archive that was tampered with [R-10]', () => {
  const tables = ['audit_logs', 'audit_tiles', 'audit_archives', 'audit_checkpoints', 'audit_publications'];
  beforeAll(async () => {
    await running.dataSource.query('CREATE SCHEMA kept');
    for (const table of tables)
      await running.dataSource.query(`CREATE TABLE kept.${table} AS TABLE ${table}`);
  });
  afterEach(async () => {
    await tamper(running.dataSource, [`TRUNCATE ${tables.join(', ')}`, ...tables.map(restored)]);
    expect(await getJson('/audit/verify')).toMatchObject({ valid: true });
  });

  it.each<[string, string[], object]>([
    [
      'a leaf hash that is kept changed',
      [
        `UPDATE audit_tiles SET hashes = overlay(hashes PLACING '\\x00' FROM 3201) WHERE level = 0 AND tile_index = 1`,
      ],
      { class: 'fork', seq: '301' },
    ],
    [
      'what is kept of the archive changed',
      [
        `UPDATE audit_logs SET canonical = replace(canonical, '192.0.2.7', '192.0.2.8') WHERE seq = ${ROTATION}`,
      ],
      { class: 'altered', seq: String(ROTATION) },
    ],
    ['the entry behind it deleted', ['DELETE FROM audit_logs WHERE seq = 601'], { class: 'gap', seq: '601' }],
    [
      'entries deleted as if they were archived',
      [
        'DELETE FROM audit_logs WHERE seq <= 700',
        `INSERT INTO audit_archives SELECT 601, 700, file_hash, entry_hash, gen_random_uuid(), 2192 FROM audit_archives`,
      ],
      { class: 'gap', seq: '601' },
    ],
    [
      'the entry that names it deleted, and all behind it',
      [
        `DELETE FROM audit_logs WHERE seq > 800`,
        'TRUNCATE audit_publications',
        'DELETE FROM audit_checkpoints WHERE size > 800',
      ],
      { class: 'gap', seq: '1' },
    ],
  ])('%s', async (_what, statements, problem) => {
    await tamper(running.dataSource, statements);
    expect(await getJson('/audit/verify')).toMatchObject({ valid: false, problem });
  });
});

/** Generated columns are left to the database. */
function restored(table: string): string {
  const columns = table === 'audit_checkpoints' ? 'note, head_hash, signed_at' : '*';
  const into = table === 'audit_checkpoints' ? `(${columns})` : '';
  return `INSERT INTO ${table} ${into} SELECT ${columns} FROM kept.${table}`;
}
