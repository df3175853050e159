import { createHash } from 'node:crypto';
import { insertResultRows } from '../harness/result-rows';
import { type RunningApp, startApp } from '../harness/running-app';

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

async function exportEntries(): Promise<{ outcome: string; details: Record<string, unknown> }[]> {
  const token = await running.token('auditor');
  const response = await fetch(`${running.url}/audit?action=result.exported&sequenced=wait&limit=2`, {
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
    expect(await exportEntries()).toMatchObject([
      { outcome: 'success', details: { count: TOTAL, result_hash: end.sha256 } },
      { outcome: 'success', details: { route: 'GET /results/export' } },
    ]);
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
      "status=' OR 1=1 --",
      'sort=id',
      Array.from({ length: 300 }, (_, i) => `f${i}=1`).join('&'),
    ]) {
      expect([query, (await download(`?${query}`, 'auditor')).status]).toEqual([query, 400]);
    }
  });
});
