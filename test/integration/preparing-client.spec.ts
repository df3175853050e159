import type { Client } from 'pg';
import { PreparingClient } from '../../src/database/pool/preparing-client';
import { createTestDatabase, type TestDatabase } from '../harness/database';

describe('PreparingClient [R-29]', () => {
  let database: TestDatabase;
  let client: Client;
  beforeEach(async () => {
    database = await createTestDatabase();
    client = new PreparingClient({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  const prepared = async (): Promise<string[]> => {
    const { rows } = await client.query<{ statement: string }>(
      'SELECT statement FROM pg_prepared_statements',
    );
    return rows.map(({ statement }) => statement);
  };

  it('prepares a statement with parameters at its sixth use, and gives the same rows', async () => {
    const answers: unknown[] = [];
    for (let i = 0; i < 5; i++) answers.push((await client.query('SELECT $1::int + 1 AS n', [i])).rows[0]);
    expect(await prepared()).toEqual([]);
    for (let i = 5; i < 8; i++) answers.push((await client.query('SELECT $1::int + 1 AS n', [i])).rows[0]);
    expect(await prepared()).toEqual(['SELECT $1::int + 1 AS n']);
    expect(answers).toEqual(Array.from({ length: 8 }, (_, i) => ({ n: i + 1 })));
  });

  it('prepares no more than 200 statements of a connection', async () => {
    for (let i = 0; i < 210; i++) {
      for (let use = 0; use < 6; use++) await client.query(`SELECT $1::int + ${i} AS n`, [1]);
    }
    expect(await prepared()).toHaveLength(200);
  });

  it('goes on when the table behind a prepared statement changes', async () => {
    await client.query('CREATE TABLE t (a int)');
    for (let i = 0; i < 7; i++) await client.query('INSERT INTO t (a) VALUES ($1)', [i]);
    await client.query('ALTER TABLE t ADD b int, ALTER a TYPE bigint');
    await client.query('INSERT INTO t (a) VALUES ($1)', [7]);
    expect((await client.query('SELECT count(*)::int AS n FROM t')).rows).toEqual([{ n: 8 }]);
  });

  it('reports a failure of a prepared statement as any other, and takes the next', async () => {
    for (let i = 0; i < 7; i++) await client.query('SELECT 1 / $1::int AS n', [1]);
    await expect(client.query('SELECT 1 / $1::int AS n', [0])).rejects.toMatchObject({ code: '22012' });
    expect((await client.query('SELECT 1 / $1::int AS n', [1])).rows).toEqual([{ n: 1 }]);
  });
});
