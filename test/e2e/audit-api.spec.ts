import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Checkpointer } from '../../src/audit/checkpoint/checkpointer.service';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
import { isConsistent, rootFromInclusion } from '../../src/audit/merkle/merkle-proof';
import { parseCheckpointText } from '../../src/audit/note/checkpoint-text';
import { formatNoteKey } from '../../src/audit/note/note-key';
import { checkSignature, parseNote } from '../../src/audit/note/signed-note';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('SKIPPED: the commands of docs/audit.md. Install curl.\n');

let running: RunningApp;
let auditor: string;

beforeAll(async () => {
  running = await startApp({ AUDIT_CHECKPOINT_SECONDS: '60' });
  auditor = await running.token('auditor');
});
afterAll(() => running.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function get(path: string, token = auditor): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

/** Chains what has happened so far and signs it. */
async function sign(): Promise<void> {
  await get('/audit?sequenced=wait&limit=1');
  await get('/audit?sequenced=wait&limit=1');
  await running.app.get(Checkpointer).round();
}

describe('GET /audit/checkpoint, /consistency, /inclusion [R-10]', () => {
  it('gives a signed note, a proof from an older one to it, and a proof of an entry', async () => {
    await sign();
    const older = await get('/audit/checkpoint');
    expect([older.status, older.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    await sign();
    const newer = await get('/audit/checkpoint');
    const heads = [older, newer].map(({ text }) => {
      const note = parseNote(text)!;
      expect(checkSignature(note, running.app.get(CheckpointKeys).own)).toBe('valid');
      return parseCheckpointText(note.text)!;
    });
    const [from, to] = [heads[0]!, heads[1]!];
    expect(to.size).toBeGreaterThan(from.size);
    expect((await get(`/audit/checkpoint?size=${from.size}`)).text).toBe(older.text);

    const { body: proof } = await get(`/audit/consistency?from=${from.size}`);
    expect(proof).toMatchObject({ from: from.size, to: to.size });
    expect(isConsistent(from, to, hashes(proof))).toBe(true);

    const { body: page } = await get('/audit?limit=100&outcome=success');
    const entry = page.items.find((item: { seq: string }) => Number(item.seq) <= from.size);
    const { body: inclusion } = await get(`/audit/inclusion/${entry.event_id}`);
    expect(inclusion).toMatchObject({ seq: entry.seq, size: to.size });
    const leaf = Buffer.from(inclusion.leaf_hash, 'base64');
    expect(rootFromInclusion(Number(entry.seq) - 1, to.size, leaf, hashes(inclusion))).toEqual(to.root);
  });

  it('409 for an entry that no checkpoint covers yet, 404 for one that is not there, 400 for sizes that are not', async () => {
    await get('/audit?limit=1');
    const { body: page } = await get('/audit?sequenced=wait&limit=1');
    const fresh = await get(`/audit/inclusion/${page.items[0].event_id}`);
    expect(fresh).toMatchObject({ status: 409, body: { code: 'AUDIT_NOT_YET_SIGNED' } });
    expect(fresh.headers.get('retry-after')).toBe('10');
    const unknown = await get('/audit/inclusion/01900000-0000-7000-8000-000000000000');
    expect(unknown).toMatchObject({ status: 404, body: { code: 'AUDIT_ENTRY_NOT_FOUND' } });
    expect(await get('/audit/checkpoint?size=99999')).toMatchObject({ status: 404 });
    for (const path of [
      '/audit/consistency',
      '/audit/consistency?from=0',
      '/audit/consistency?from=99999',
      '/audit/consistency?from=2&to=1',
      '/audit/consistency?from=1&to=99999',
      '/audit/inclusion/x',
      '/audit/checkpoint?size=-1',
    ]) {
      expect({ path, answer: await get(path) }).toMatchObject({
        path,
        answer: { status: 400, body: { code: 'VALIDATION_FAILED' } },
      });
    }
  });

  it.each([
    '/audit/checkpoint',
    '/audit/consistency?from=1',
    '/audit/inclusion/01900000-0000-7000-8000-000000000000',
    '/audit/entries',
    '/audit/verify',
  ])('%s › 401 without a token, 403 for an admin', async (path) => {
    expect((await fetch(`${running.url}${path}`)).status).toBe(401);
    expect((await get(path, await running.token('admin'))).status).toBe(403);
  });
});

describe('GET /audit › filters and cursors [R-11]', () => {
  it('pages through everything once, newest first, whatever comes in meanwhile', async () => {
    for (let i = 0; i < 5; i++) await get('/audit?limit=1');
    const seen: number[] = [];
    let query = '/audit?sequenced=wait&action=audit.listed&limit=2';
    for (;;) {
      const { body } = await get(query);
      seen.push(...body.items.map(({ seq }: { seq: string }) => Number(seq)));
      if (body.next_cursor === null) break;
      query = `/audit?action=audit.listed&limit=2&cursor=${body.next_cursor}`;
    }
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  });

  it('a cursor is refused with other filters, when a bit of it differs, and when it was made up', async () => {
    const { body } = await get('/audit?sequenced=wait&action=audit.listed&limit=1');
    const cursor: string = body.next_cursor;
    const forged = [
      `/audit?action=audit.read&cursor=${cursor}`,
      `/audit?cursor=${cursor}`,
      `/audit?action=audit.listed&cursor=${cursor.slice(0, 5)}${cursor[5] === 'A' ? 'B' : 'A'}${cursor.slice(6)}`,
      `/audit?action=audit.listed&cursor=${cursor.slice(0, -2)}`,
      '/audit?action=audit.listed&cursor=5',
      `/audit?action=audit.listed&cursor=${'A'.repeat(32)}`,
    ];
    for (const path of forged) {
      expect(await get(path)).toMatchObject({ status: 400, body: { errors: [{ field: 'cursor' }] } });
    }
    expect((await get(`/audit?action=audit.listed&cursor=${cursor}`)).status).toBe(200);
  });

  it('filters by actor, object, outcome and time', async () => {
    const { body: me } = await get('/auth/me');
    const { body: mine } = await get(`/audit?sequenced=wait&actor_id=${me.user_id ?? me.id}&limit=100`);
    expect(new Set(mine.items.map(({ actor_role }: { actor_role: string }) => actor_role))).toEqual(
      new Set(['auditor']),
    );
    const newest = mine.items[0];
    const { body: then } = await get(`/audit?from=${newest.occurred_at}&to=${newest.occurred_at}`);
    expect(then.items.map(({ event_id }: { event_id: string }) => event_id)).toContain(newest.event_id);
    const reversed = await get('/audit?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00%2B01:00');
    expect(reversed).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'to', message: 'must not be before from' }] },
    });
    const { body: refused } = await get('/audit?outcome=refused&limit=100');
    expect(refused.items.every(({ outcome }: { outcome: string }) => outcome === 'refused')).toBe(true);
  });
});

describe('GET /audit/entries [R-11]', () => {
  it('its own entry is committed before the first byte, and the lines are as they were hashed', async () => {
    const answer = await get('/audit/entries?from_seq=1&to_seq=3');
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.map((line) => line['seq'])).toEqual(['1', '2', '3']);
    expect(Object.keys(lines[0]!)).toEqual([
      'seq',
      'event_id',
      'canonical',
      'entry_hash',
      'previous_hash',
      'sequenced_at',
    ]);
    const { body } = await get('/audit?sequenced=wait&action=audit.exported');
    expect(body.items[0]).toMatchObject({
      event_id: answer.headers.get('audit-event-id'),
      details: { first_seq: '1', last_seq: '3', count: 3 },
    });
  });
});

describe('an auditor who believes nothing [R-10]', () => {
  /** The commands of docs/audit.md, word for word. */
  const commands = /```sh take-it-home\n([^]*?)```/
    .exec(readFileSync(join(__dirname, '../../docs/audit.md'), 'utf8'))![1]!
    .trim()
    .split('\n');

  (hasCurl ? it : it.skip)(
    'verifies the trail at home with the three commands of docs/audit.md',
    async () => {
      await sign();
      const home = temporaryDirectory();
      writeFileSync(join(home, 'log.vkey'), `${formatNoteKey(running.app.get(CheckpointKeys).own)}\n`);
      const program = join(__dirname, '../../dist/verifier/verify-command.js');
      writeFileSync(
        join(home, 'medai-flow-verify'),
        `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
      );
      chmodSync(join(home, 'medai-flow-verify'), 0o755);
      const env = {
        ...process.env,
        URL: running.url,
        TOKEN: auditor,
        PATH: `${home}:${process.env['PATH']}`,
      };
      expect(commands).toHaveLength(3);
      let said = '';
      for (const command of commands) {
        ({ stdout: said } = await promisify(execFile)('sh', ['-c', command], { cwd: home, env }));
      }
      expect(said).toMatch(/^OK: every entry/);
    },
  );
});

const hashes = (proof: { hashes: string[] }): Buffer[] =>
  proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
