import { insertResultRows } from '../harness/result-rows';
import { type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const TOTAL = 47;
let running: RunningApp;
let clinician: string;

beforeAll(async () => {
  running = await startApp();
  clinician = await running.token('clinician');
  const [model] = await running.dataSource.query<[{ id: string }]>('SELECT id FROM model_versions');
  const [user] = await running.dataSource.query<[{ id: string }]>(
    "SELECT id FROM users WHERE username = 'integration'",
  );
  await insertResultRows(running.dataSource, {
    count: TOTAL,
    modelId: model.id,
    createdBy: user.id,
    columns: {
      // pairs of equal times: only the id tells which comes first
      created_at: `timestamptz '2026-01-01Z' - (n / 2) * interval '1 second'`,
      study_date: `date '2026-01-01' + n % 5`,
      is_valid: 'n % 10 <> 0',
      status: `CASE WHEN n % 3 = 0 THEN 'failed' ELSE 'completed' END`,
    },
  });
});
afterAll(() => running.stop());

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

async function list(query: string, token = clinician): Promise<Answer> {
  const response = await fetch(`${running.url}/results${query}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

const idsOf = ({ body }: Answer): string[] =>
  (body.items as { inference_id: string }[]).map(({ inference_id }) => inference_id);

async function walk(query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Answer = await list(`?page_size=10&${query}&cursor=${cursor}`);
    expect(page).toMatchObject({ status: 200, body: { total: null, page: null, total_pages: null } });
    ids.push(...idsOf(page));
    cursor = page.body.next_cursor;
  }
  return ids;
}

describe('GET /results [R-43] [R-44]', () => {
  it('pages: newest first, an exact total, each result once', async () => {
    const pages = await Promise.all([1, 2, 3, 4, 5].map((page) => list(`?page=${page}`)));
    expect(pages[0]!.body).toMatchObject({ total: TOTAL, page: 1, page_size: 10, total_pages: 5 });
    const times = pages.flatMap(({ body }) =>
      (body.items as { created_at: string }[]).map((i) => i.created_at),
    );
    expect(times).toEqual(times.toSorted().toReversed());
    expect(new Set(pages.flatMap(idsOf)).size).toBe(TOTAL);
    expect(pages[4]!.body.next_cursor).toBeNull();
  });

  it('a page past the end is 404, page 1 of nothing is empty', async () => {
    expect(await list('?page=6')).toMatchObject({ status: 404, body: { code: 'PAGE_NOT_FOUND' } });
    const nothing = await list('?study_date=1999-01-01');
    expect(nothing).toMatchObject({ status: 200, body: { items: [], total: 0, page: 1, total_pages: 0 } });
  });

  it('cursors walk the same results in the same order as pages', async () => {
    const pages = await Promise.all([1, 2, 3, 4, 5].map((page) => list(`?page=${page}`)));
    expect(await walk('')).toEqual(pages.flatMap(idsOf));
    const first = await list('?page=1');
    expect(idsOf(await list(`?cursor=${first.body.next_cursor}`))).toEqual(idsOf(pages[1]!));
  });

  it('a result that comes in meanwhile moves no page of a walk', async () => {
    const first = await list('?cursor=&page_size=10');
    const second = idsOf(await list(`?page_size=10&cursor=${first.body.next_cursor}`));
    const runner = running.dataSource.createQueryRunner();
    await runner.query('ALTER TABLE inference_results DISABLE TRIGGER inference_results_content');
    await runner.query(
      `UPDATE inference_results SET created_at = '2026-02-01Z' WHERE id = (SELECT id FROM inference_results ORDER BY created_at LIMIT 1)`,
    );
    await runner.query('ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_content');
    await runner.release();
    expect(idsOf(await list(`?page_size=10&cursor=${first.body.next_cursor}`))).toEqual(second);
  });

  it.each(['study_date=2026-01-03', 'study_date_from=2026-01-02&study_date_to=2026-01-04', 'is_valid=false'])(
    '%s: page, cursor and database agree',
    async (filter) => {
      const condition = filter
        .replace(/study_date_from=(.*)&study_date_to=(.*)/, "study_date BETWEEN '$1' AND '$2'")
        .replace(/study_date=(\S+)$/, "study_date = '$1'")
        .replace('=false', ' = false');
      const [row] = await running.dataSource.query<[{ count: number }]>(
        `SELECT count(*)::int FROM inference_results WHERE ${condition}`,
      );
      expect(row.count).toBeGreaterThan(0);
      expect((await list(`?${filter}`)).body.total).toBe(row.count);
      expect(await walk(filter)).toHaveLength(row.count);
      const both = await list(`?${filter}&status=failed`);
      expect(both.body.items.every(({ status }: { status: string }) => status === 'failed')).toBe(true);
    },
  );

  it('a cursor is good for its account and its filters alone', async () => {
    const { body } = await list('?cursor=&page_size=10');
    const viewer = await running.token('viewer');
    const refused = { status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ field: 'cursor' }] } };
    expect(await list(`?cursor=${body.next_cursor}`, viewer)).toMatchObject(refused);
    expect(await list(`?cursor=${body.next_cursor}&status=failed`)).toMatchObject(refused);
    const forged = `${(body.next_cursor as string).slice(0, -4)}AAAA`;
    expect(await list(`?cursor=${forged}`)).toMatchObject(refused);
    expect(await list('?cursor=AAAA')).toMatchObject(refused);
    expect(await list(`?cursor=${encodeURIComponent("' OR 1=1 --")}`)).toMatchObject(refused);
  });

  it.each([
    'page=0',
    'page=-1',
    'page=1e9',
    'page=0x10',
    'page=1&page=2',
    'page[]=1',
    'page_size=0',
    'page_size=101',
    'status=done',
    "status=' OR 1=1 --",
    'model_id=1',
    'created_by=x',
    'batch_id=0',
    'study_date=2026-02-30',
    'study_date=yesterday',
    'is_valid=1',
    'is_valid=true&is_valid=false',
    'sort=created_at',
    'a=1',
    Array.from({ length: 300 }, (_, i) => `f${i}=1`).join('&'),
  ])('?%s is refused', async (query) => {
    const answer = await list(`?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(JSON.stringify(answer.body)).not.toMatch(/OR 1=1|2026-02-30/);
  });

  const FILTERS = [
    'model_id',
    'status',
    'created_by',
    'study_date',
    'study_date_from',
    'study_date_to',
    'patient_id',
    'batch_id',
    'is_valid',
    'page',
    'page_size',
    'cursor',
    'sort',
    'order',
  ];
  const INJECTIONS = [
    "' OR 1=1 --",
    "x'); DROP TABLE inference_results; --",
    '$1',
    '{"$gt":""}',
    '%00',
    '1;SELECT pg_sleep(9)',
  ];

  it.each(FILTERS)('SQL in %s is text: refused, or compared as it is', async (filter) => {
    for (const injection of INJECTIONS) {
      const query = `${filter}=${injection === '%00' ? injection : encodeURIComponent(injection)}`;
      const answer = await list(`?${query}`);
      // an identifier of a patient may be any text; it is compared as a pseudonym, and nobody has this one
      const isText = filter === 'patient_id' && injection !== '%00';
      const nothing = { status: 200, body: { total: 0, items: [] } };
      const refused = { status: 400, body: { code: 'VALIDATION_FAILED' } };
      expect(answer).toMatchObject(isText ? nothing : refused);
      expect(JSON.stringify(answer.body)).not.toContain(injection);
    }
    expect((await list('')).body.total).toBe(TOTAL);
  });

  it.each(FILTERS.slice(0, 9))('%s sent twice, as a list or as an object is refused', async (filter) => {
    const value = filter.startsWith('study_date') ? '2026-01-01' : filter === 'status' ? 'failed' : 'x';
    for (const query of [
      `${filter}=${value}&${filter}=${value}`,
      `${filter}[]=${value}`,
      `${filter}[a]=${value}`,
      `${filter}=`,
    ]) {
      expect({ query, ...(await list(`?${query}`)) }).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    }
    const many = Array(300).fill(`${filter}=${value}`).join('&');
    expect(await list(`?${many}`)).toMatchObject({ status: 400 });
  });

  it.each(['1', 'x', '00000000-0000-0000-0000-00000000000g', "' OR 1=1 --", '../results', '%00'])(
    'GET /results/%s: no id, so 400, and an unknown one is 404',
    async (id) => {
      const path = id === '%00' ? id : encodeURIComponent(id);
      expect(await list(`/${path}`)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(await list('/01900000-0000-7000-8000-000000000000')).toMatchObject({ status: 404 });
    },
  );

  it('a range of study dates that ends before it begins is refused; one day is a range', async () => {
    const range = (from: string, to: string): Promise<unknown> =>
      list(`?study_date_from=${from}&study_date_to=${to}`);
    expect(await range('2026-03-01', '2026-02-28')).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'study_date_to', message: 'must not be before study_date_from' }] },
    });
    expect(await range('2026-03-01', '2026-03-01')).toMatchObject({ status: 200 });
  });

  it('a cursor whose position was changed, with the seal of another, is refused', async () => {
    const { body } = await list('?cursor=&page_size=10');
    const bytes = Buffer.from(body.next_cursor as string, 'base64url');
    const position = Buffer.from("2999-01-01T00:00:00Z ' OR 1=1 --");
    const forged = Buffer.concat([bytes.subarray(0, 16), position]).toString('base64url');
    expect(await list(`?cursor=${forged}`)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'cursor' }] },
    });
  });

  it('records which results were shown to whom before they are shown [R-59]', async () => {
    const ids = idsOf(await list('?page=2&page_size=5'));
    const auditor = await running.token('auditor');
    const response = await fetch(`${running.url}/audit?action=result.listed&limit=1&sequenced=wait`, {
      headers: { Authorization: `Bearer ${auditor}` },
    });
    const { items } = (await response.json()) as { items: { details: object; actor_role: string }[] };
    expect(items[0]).toMatchObject({ actor_role: 'clinician', details: { count: 5, returned_ids: ids } });
  });
});
