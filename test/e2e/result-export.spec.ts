import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { insertResultRows } from '../harness/result-rows';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const TOTAL = 2_345;
const FORMULA = '=HYPERLINK("http://evil")';
let running: RunningApp;

beforeAll(async () => {
  running = await startApp();
  const [model] = await running.dataSource.query<[{ id: string }]>('SELECT id FROM model_versions');
  const [user] = await running.dataSource.query<[{ id: string }]>(
    "SELECT id FROM users WHERE username = 'clinician'",
  );
  await insertResultRows(running.dataSource, {
    count: TOTAL,
    modelId: model.id,
    createdBy: user.id,
    columns: {
      anatomical_region: `CASE WHEN n = 7 THEN '${FORMULA}' ELSE 'chest' END`,
      patient_id: `'aaaaaaaa:' || repeat('b', 32)`,
      queue_latency_ms: 'CASE WHEN n = 7 THEN 2.5 END',
      status: `CASE WHEN n % 100 = 0 THEN 'failed' ELSE 'completed' END`,
    },
  });
});
afterAll(() => running.stop());

async function download(query: string, role: 'clinician' | 'auditor' | 'viewer'): Promise<Response> {
  const token = await running.token(role);
  return fetch(`${running.url}/results/export${query}`, { headers: { Authorization: `Bearer ${token}` } });
}

async function exportEntries(limit = 2): Promise<{ outcome: string; details: Record<string, unknown> }[]> {
  const token = await running.token('auditor');
  const response = await fetch(`${running.url}/audit?action=result.exported&sequenced=wait&limit=${limit}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { items: never[] }).items;
}

describe('GET /results/export [R-11] [R-46] [R-55]', () => {
  it('NDJSON: every result once, oldest first, and at the end how many and their digest', async () => {
    const response = await download('', 'clinician');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const text = await response.text();
    const lines = text.trimEnd().split('\n');
    const end = JSON.parse(lines.pop()!) as { count: number; sha256: string };
    expect(lines).toHaveLength(TOTAL);
    const rows = lines.map(
      (line) => JSON.parse(line) as { inference_id: string; created_at: string; queue_ms: number | null },
    );
    expect(rows.filter(({ queue_ms }) => queue_ms !== null)).toMatchObject([
      { queue_ms: 2.5, preprocessing_ms: 1, inference_ms: 1 },
    ]);
    expect(new Set(rows.map(({ inference_id }) => inference_id)).size).toBe(TOTAL);
    const times = rows.map(({ created_at }) => created_at);
    expect(times).toEqual(times.toSorted());
    const body = `${lines.join('\n')}\n`;
    expect(end).toEqual({ count: TOTAL, sha256: createHash('sha256').update(body).digest('hex') });
    const entries = (await exportEntries(100)).toReversed();
    expect(entries[0]).toMatchObject({ outcome: 'success', details: { route: 'GET /results/export' } });
    expect(entries.at(-1)).toMatchObject({
      outcome: 'success',
      details: { count: TOTAL, result_hash: end.sha256 },
    });
    const named = entries.slice(1, -1).flatMap(({ details }) => details['returned_ids']);
    expect(named).toEqual(rows.map(({ inference_id }) => inference_id));
  });

  it('whose connection broke off › what had left is in the trail', async () => {
    const before = (await exportEntries(100)).length;
    const stopped = new AbortController();
    const token = await running.token('clinician');
    const response = await fetch(`${running.url}/results/export`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: stopped.signal,
    });
    const { value } = await response.body!.getReader().read();
    stopped.abort();
    const [first] = Buffer.from(value).toString().split('\n', 1) as [string];
    const entries = (await exportEntries(100)).slice(0, -before);
    const { inference_id } = JSON.parse(first) as { inference_id: string };
    expect(entries.flatMap(({ details }) => details['returned_ids'])).toContain(inference_id);
  });

  it.each([
    ['text/csv', '', 'text/csv'],
    ['text/csv;q=0.5, application/x-ndjson', '', 'application/x-ndjson'],
    ['*/*', '', 'application/x-ndjson'],
    ['text/csv', '?format=ndjson', 'application/x-ndjson'],
  ])('Accept: %s with "%s" gives %s', async (accept, query, type) => {
    const token = await running.token('clinician');
    const headers = { Authorization: `Bearer ${token}`, Accept: accept };
    const response = await fetch(`${running.url}/results/export${query}`, { headers });
    expect(response.headers.get('content-type')).toMatch(new RegExp(`^${type}`));
    await response.text();
  });

  it('docs/audit.md › who read this result: one search of the exported trail names the export', async () => {
    const [row] = await running.dataSource.query<[{ id: string }]>(
      'SELECT id FROM inference_results LIMIT 1',
    );
    await (await download('', 'clinician')).text();
    await exportEntries();
    const token = await running.token('auditor');
    const folder = temporaryDirectory();
    const entries = await fetch(`${running.url}/audit/entries`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    writeFileSync(join(folder, 'entries.ndjson'), await entries.text());
    const page = readFileSync(join(__dirname, '../../docs/audit.md'), 'utf8');
    const [, command] = /^```sh who-read\n([^]*?)^```/m.exec(page)!;
    const env = { PATH: process.env['PATH'], RESULT: row.id };
    const answer = execFileSync('bash', ['-euo', 'pipefail', '-c', command!], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    const [{ id }] = await running.dataSource.query<[{ id: string }]>(
      "SELECT id FROM users WHERE username = 'clinician'",
    );
    expect(answer).toMatch(new RegExp(`^\\d{4}-\\S+ ${id} result\\.exported success$`, 'm'));
  });

  it('CSV: a header, safe cells, and the digest of the file in the trail', async () => {
    const text = await (await download('?format=csv', 'clinician')).text();
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(TOTAL + 1);
    expect(lines[0]).toMatch(/^inference_id,.*,patient_id,/);
    expect(text).toContain(`"'=HYPERLINK(""http://evil"")"`);
    const [entry] = await exportEntries();
    expect(entry!.details).toMatchObject({
      count: TOTAL,
      result_hash: createHash('sha256').update(text).digest('hex'),
    });
  });

  it('an auditor gets no field of a patient', async () => {
    for (const format of ['ndjson', 'csv']) {
      const text = await (await download(`?format=${format}`, 'auditor')).text();
      expect(text.split('\n').length).toBeGreaterThan(TOTAL);
      expect(text).not.toMatch(/patient_id|study_date|anatomical_region|review_comments|aaaaaaaa:|HYPERLINK/);
    }
  });

  it('takes the filters of the list', async () => {
    const text = await (await download('?status=failed', 'auditor')).text();
    expect(text.trimEnd().split('\n')).toHaveLength(Math.floor(TOTAL / 100) + 1);
  });

  it('refuses others, and filters that are none', async () => {
    expect((await download('', 'viewer')).status).toBe(403);
    expect((await download('?format=xlsx', 'auditor')).status).toBe(400);
    for (const query of [
      'page=1',
      'cursor=',
      'format=ndjson&format=csv',
      'format[]=csv',
      'model_id=1',
      'study_date_from=2026-02-30',
      'study_date_from=2026-03-01&study_date_to=2026-02-28',
      "status=' OR 1=1 --",
      'sort=id',
      Array.from({ length: 300 }, (_, i) => `f${i}=1`).join('&'),
    ]) {
      expect([query, (await download(`?${query}`, 'auditor')).status]).toEqual([query, 400]);
    }
  });
});
