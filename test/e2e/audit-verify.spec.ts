import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Checkpointer } from '../../src/audit/checkpoint/checkpointer.service';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
import { formatNoteKey } from '../../src/audit/note/note-key';
import { AuditSequencer } from '../../src/audit/sequencer/audit-sequencer';
import { appendEntries, rechain, tamper } from '../harness/audit-log';
import { offline, type Verdict } from '../harness/offline-verifier';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

const ANCHOR = temporaryDirectory();
const HOME = temporaryDirectory();
const SIGNED = 300;

let running: RunningApp;
let auditor: string;

/** A log that stands still: 300 entries signed in steps of 100, and 10 that no checkpoint covers. */
beforeAll(async () => {
  running = await startApp({ AUDIT_ANCHOR: ANCHOR, AUDIT_CHECKPOINT_SECONDS: '60' });
  auditor = await running.token('auditor');
  await get('/audit?sequenced=wait');
  await running.app.get(AuditSequencer).onModuleDestroy();
  const checkpointer = running.app.get(Checkpointer);
  await checkpointer.onModuleDestroy();
  const [{ head }] = await running.dataSource.query<[{ head: number }]>(
    'SELECT max(seq)::int AS head FROM audit_logs',
  );
  for (let size = Math.ceil(head / 100) * 100, from = head; size <= SIGNED; from = size, size += 100) {
    await appendEntries(running.dataSource, size - from);
    await checkpointer.round();
  }
  await appendEntries(running.dataSource, 10);
  await running.dataSource.query(
    'CREATE TABLE kept AS SELECT seq, canonical, entry_hash, previous_hash, sequenced_at FROM audit_logs',
  );
  await running.dataSource.query(
    'CREATE TABLE kept_checkpoints AS SELECT note, head_hash FROM audit_checkpoints',
  );
});
afterAll(() => running.stop());

async function get(path: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${running.url}${path}`, { headers: { Authorization: `Bearer ${auditor}` } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const verify = async (query = ''): Promise<{ problem: { class: string; seq: string } | null }> =>
  JSON.parse((await get(`/audit/verify${query}`)).text) as { problem: { class: string; seq: string } | null };

/** What an auditor has at home: the exported lines of now, and the notes of the anchor. */
async function atHome(): Promise<Verdict> {
  const entries = join(HOME, 'entries.ndjson');
  writeFileSync(entries, (await get('/audit/entries')).text);
  return offline([entries, ANCHOR], { key: formatNoteKey(running.app.get(CheckpointKeys).own) });
}

async function restore(): Promise<void> {
  await tamper(running.dataSource, [
    'TRUNCATE audit_publications, audit_checkpoints',
    'TRUNCATE audit_logs',
    `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash, sequenced_at, event_id, occurred_at, actor_id, action, object_type, object_id, outcome)
     SELECT seq, canonical, entry_hash, previous_hash, sequenced_at, (canonical::jsonb ->> 'event_id')::uuid, canonical::jsonb ->> 'occurred_at',
       canonical::jsonb ->> 'actor_id', canonical::jsonb ->> 'action', canonical::jsonb ->> 'object_type', canonical::jsonb ->> 'object_id', canonical::jsonb ->> 'outcome'
     FROM kept ORDER BY kept.seq`,
    'INSERT INTO audit_checkpoints (note, head_hash) SELECT note, head_hash FROM kept_checkpoints',
    `INSERT INTO audit_publications (target, size) SELECT 'anchor', max(size) FROM audit_checkpoints`,
  ]);
}

const change = (seq: number): string =>
  `UPDATE audit_logs SET outcome = 'refused', canonical = replace(canonical, '"outcome":"success"', '"outcome":"refused"')
   WHERE seq = ${seq}`;

type Found = readonly [string, number] | 'nothing';
interface Case {
  readonly what: string;
  readonly statements: readonly string[];
  /** First entry to be chained anew afterwards. */
  readonly rechainFrom?: number;
  readonly online: Found;
  readonly offline: Found;
}

/** The table of docs/audit.md: what an administrator of the database does, and what is found of it. */
const CASES: readonly Case[] = [
  { what: 'a text changed', statements: [change(250)], online: ['altered', 250], offline: ['altered', 250] },
  {
    what: 'a text and its hash changed',
    statements: [change(250), `UPDATE audit_logs SET entry_hash = sha256(canonical::bytea) WHERE seq = 250`],
    online: ['altered', 250],
    offline: ['altered', 250],
  },
  {
    what: 'a column changed, that lists are filtered by',
    statements: [`UPDATE audit_logs SET actor_id = 'somebody else' WHERE seq = 250`],
    online: ['altered', 250],
    offline: 'nothing',
  },
  {
    what: 'an entry deleted',
    statements: ['DELETE FROM audit_logs WHERE seq = 250'],
    online: ['gap', 250],
    offline: ['gap', 250],
  },
  {
    what: 'two entries swapped',
    statements: [
      'UPDATE audit_logs SET seq = 100000 WHERE seq = 250',
      'UPDATE audit_logs SET seq = 250 WHERE seq = 260',
      'UPDATE audit_logs SET seq = 260 WHERE seq = 100000',
    ],
    online: ['altered', 250],
    offline: ['altered', 250],
  },
  {
    what: 'an entry inserted at the end of the middle, the rest moved up',
    statements: [
      'UPDATE audit_logs SET seq = seq + 100000 WHERE seq > 250',
      'UPDATE audit_logs SET seq = seq - 99999 WHERE seq > 100000',
      `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash, event_id, occurred_at, action, outcome)
       SELECT 251, '{}', entry_hash, entry_hash, gen_random_uuid(), '', '', '' FROM audit_logs WHERE seq = 250`,
    ],
    online: ['altered', 251],
    offline: ['altered', 251],
  },
  {
    what: 'everything chained anew after a change',
    statements: [change(250)],
    rechainFrom: 250,
    online: ['fork', 250],
    offline: ['fork', 201],
  },
  {
    what: 'a text that is no entry, chained anew',
    statements: ["UPDATE audit_logs SET action = 'key.rotated', canonical = 'nonsense' WHERE seq = 250"],
    rechainFrom: 250,
    online: ['altered', 250],
    offline: ['altered', 250],
  },
  {
    what: 'everything chained anew without an entry',
    statements: [
      'DELETE FROM audit_logs WHERE seq = 250',
      'UPDATE audit_logs SET seq = seq + 100000 WHERE seq > 250',
      'UPDATE audit_logs SET seq = seq - 100001 WHERE seq > 100000',
    ],
    rechainFrom: 250,
    online: ['fork', 250],
    offline: ['fork', 201],
  },
  {
    what: 'the tail cut off below the newest checkpoint',
    statements: ['DELETE FROM audit_logs WHERE seq > 280'],
    online: ['truncated', 281],
    offline: ['truncated', 281],
  },
  {
    what: 'the tail cut off with the checkpoints that cover it',
    statements: [
      'TRUNCATE audit_publications',
      'DELETE FROM audit_checkpoints WHERE size > 200',
      'DELETE FROM audit_logs WHERE seq > 200',
    ],
    online: 'nothing',
    offline: ['truncated', 201],
  },
  {
    what: 'a checkpoint that nobody signed',
    statements: [
      `UPDATE audit_checkpoints SET note = replace(note, E'\\n200\\n', E'\\n250\\n') WHERE size = 200`,
    ],
    online: ['altered', 250],
    offline: 'nothing',
  },
  {
    what: 'the tail behind the newest checkpoint cut off',
    statements: ['DELETE FROM audit_logs WHERE seq > 305'],
    online: 'nothing',
    offline: 'nothing',
  },
  {
    what: 'no checkpoint for long',
    statements: [`UPDATE audit_logs SET sequenced_at = sequenced_at - interval '1 hour' WHERE seq = 301`],
    online: ['unanchored', 301],
    offline: ['unanchored', 301],
  },
];

describe('GET /audit/verify, and the verifier at home › tampering × verdict [R-10]', () => {
  afterEach(restore);

  it('find nothing in a log that nobody has touched', async () => {
    expect(await verify()).toMatchObject({
      valid: true,
      entries: 310,
      first_seq: '1',
      last_seq: '310',
      checkpoint_size: 300,
      problem: null,
    });
    expect(await atHome()).toMatchObject({ valid: true, entries: 310, checkpoint_size: 300 });
  });

  it.each(CASES)('$what: $online, $offline', async ({ statements, rechainFrom, ...expected }) => {
    await tamper(running.dataSource, statements);
    if (rechainFrom !== undefined) await rechain(running.dataSource, rechainFrom);
    const found = (problem: { class: string; seq: string | number } | null): Found =>
      problem === null ? 'nothing' : [problem.class, Number(problem.seq)];
    expect({ online: found((await verify()).problem), offline: found((await atHome()).problem) }).toEqual({
      online: expected.online,
      offline: expected.offline,
    });
  });

  it('GET /audit lists altered entries as such, and one whose text is none by what it is filed under', async () => {
    await tamper(running.dataSource, [
      change(309),
      `UPDATE audit_logs SET canonical = 'Jane Doe' WHERE seq = 308`,
      `UPDATE audit_logs SET canonical = '{"event_id":5,"details":null}' WHERE seq = 307`,
    ]);
    const { status, text } = await get('/audit?limit=10');
    expect(status).toBe(200);
    const { items } = JSON.parse(text) as { items: { seq: string; altered: boolean; event_id: string }[] };
    const altered = items.filter((item) => item.altered);
    expect(altered.map(({ seq }) => seq)).toEqual(['309', '308', '307']);
    expect(altered[1]).toMatchObject({
      action: 'result.read',
      outcome: 'success',
      actor_role: null,
      details: {},
    });
    expect(text).not.toContain('Jane Doe');
    const one = `/audit/${altered[2]!.event_id}`;
    expect(await get(one)).toMatchObject({ status: 200, text: expect.stringContaining('"altered":true') });
    expect(await get(`${one}?format=fhir`)).toMatchObject({
      status: 409,
      text: expect.stringContaining('AUDIT_ENTRY_UNREADABLE'),
    });
  });

  it('a range is verified against the signed checkpoint that covers it, whatever lies outside', async () => {
    await tamper(running.dataSource, [change(250)]);
    await rechain(running.dataSource, 250);
    expect(await verify('?from_seq=240&to_seq=260')).toMatchObject({
      problem: { class: 'fork', seq: '250' },
    });
    expect(await verify('?from_seq=1&to_seq=200')).toMatchObject({
      valid: true,
      entries: 200,
      checkpoint_size: 200,
    });
    expect(await verify('?from_seq=270&to_seq=280')).toMatchObject({ valid: true, checkpoint_size: 300 });
    expect(await verify('?from_seq=9000')).toMatchObject({ valid: true, entries: 0 });
    const errors = [{ field: 'to_seq', message: 'must not be less than from_seq' }];
    expect(await verify('?from_seq=90&to_seq=10')).toMatchObject({ code: 'VALIDATION_FAILED', errors });
  });
});

describe('GET /audit/verify › Accept: application/x-ndjson [R-10]', () => {
  const stream = (): Promise<Response> =>
    fetch(`${running.url}/audit/verify`, {
      headers: { Authorization: `Bearer ${auditor}`, Accept: 'application/x-ndjson' },
    });
  const verified = (): Promise<{ details: object }[]> =>
    running.dataSource.query(
      `SELECT canonical::jsonb -> 'details' AS details FROM audit_inbox
       WHERE canonical LIKE '%"action":"audit.verified"%' ORDER BY id DESC LIMIT 2`,
    );
  /** Holds a verification up until it is over. */
  const whileLocked = async (work: () => Promise<void>): Promise<void> => {
    const runner = running.dataSource.createQueryRunner();
    await runner.query('BEGIN; LOCK audit_tiles IN ACCESS EXCLUSIVE MODE');
    try {
      await work();
    } finally {
      await runner.query('ROLLBACK');
      await runner.release();
    }
  };

  it('says how far it has come, then the result; asking and result are entries', async () => {
    let answer: Response | undefined;
    await whileLocked(async () => {
      answer = await stream(); // the first byte is here while it cannot have ended
      expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
      const [asked] = await verified();
      expect(asked!.details).toEqual({ first_seq: '1', last_seq: '310', route: 'GET /audit/verify' });
    });
    const lines = (await answer!.text()).trimEnd().split('\n');
    const values = lines.map((line) => JSON.parse(line) as { progress?: object; result?: object });
    expect(values.slice(0, -1).map(({ progress }) => progress)).toEqual(
      expect.arrayContaining([{ entries: expect.any(Number), last_seq: expect.any(String), of: '310' }]),
    );
    expect(values.at(-1)).toEqual({ result: await verify() });
    expect((await verified()).map(({ details }) => details)).toContainEqual(
      expect.objectContaining({ valid: true, first_seq: '1', last_seq: '310' }),
    );
  });

  it('names what is wrong', async () => {
    await tamper(running.dataSource, [change(250)]);
    const text = await (await stream()).text();
    expect(JSON.parse(text.trimEnd().split('\n').at(-1)!)).toMatchObject({
      result: { valid: false, problem: { class: 'altered', seq: '250' } },
    });
    await restore();
  });
});

describe('GET /audit/entries › a log of 18 MB [R-11]', () => {
  it('is read as the caller takes it: when the database fails midway the connection is cut, not ended as if complete', async () => {
    await appendEntries(running.dataSource, 600, 30_000);
    const headers = { Authorization: `Bearer ${auditor}` };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${running.url}/audit/entries`, { headers }, resolve).once('error', reject).end();
    });
    await running.dataSource.query('ALTER TABLE audit_logs RENAME TO audit_logs_away');
    let received = 0;
    const ending = await new Promise<string>((resolve) => {
      response.on('data', (chunk: Buffer) => (received += chunk.length));
      response.once('end', () => resolve('complete'));
      response.once('error', () => resolve('cut'));
    });
    await running.dataSource.query('ALTER TABLE audit_logs_away RENAME TO audit_logs');
    expect(ending).toBe('cut');
    expect(received).toBeLessThan(18_000_000);
    expect(await verify()).toMatchObject({ valid: true, entries: 910 });
  });
});

describe('GET /health › the audit component [R-19] [R-22]', () => {
  const audit = async (): Promise<{ status: string; problem: string | null; ready: number }> => {
    await sleep(1_010); // a report is kept for a second
    const token = await running.token('admin');
    const report = await fetch(`${running.url}/health`, { headers: { Authorization: `Bearer ${token}` } });
    const { components } = (await report.json()) as {
      components: { audit: { status: string; problem: string } };
    };
    return { ...components.audit, ready: (await fetch(`${running.url}/health/ready`)).status };
  };

  it('is degraded while no checkpoint follows, and unhealthy, not ready, when the trail is not the one that was signed', async () => {
    const checkpointer = running.app.get(Checkpointer);
    expect(await audit()).toMatchObject({
      status: 'healthy',
      problem: null,
      signing_key: 'in_force',
      ready: 200,
    });
    await tamper(running.dataSource, [
      `UPDATE audit_logs SET sequenced_at = sequenced_at - interval '1 hour' WHERE seq = 301`,
    ]);
    expect(await audit()).toMatchObject({
      status: 'degraded',
      anchored_size: 300,
      overdue: true,
      ready: 200,
    });
    await checkpointer.round();
    expect(await audit()).toMatchObject({ status: 'healthy', unreached: [], unanchored_seconds: 0 });

    await tamper(running.dataSource, [change(250)]);
    await rechain(running.dataSource, 250);
    await checkpointer.round();
    expect(await audit()).toMatchObject({ status: 'unhealthy', problem: 'fork', ready: 503 });
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toMatch(/^medai_audit_checkpoint_size 910$/m);
    expect(metrics).toMatch(/^medai_audit_checkpoint_refusals_total\{class="fork"\} 1$/m);
    expect(metrics).toMatch(/^medai_audit_verifications_total\{result="gap"\} 1$/m);
  }, 20_000);
});
