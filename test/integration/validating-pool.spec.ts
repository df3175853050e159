import { setTimeout as sleep } from 'node:timers/promises';
import { ValidatingPool } from '../../src/database/pool/validating-pool';
import { createTestDatabase } from '../harness/database';

describe('ValidatingPool [R-29]', () => {
  it('hands out a working connection after the idle one was ended by the server', async () => {
    const database = await createTestDatabase();
    const pool = new ValidatingPool({ connectionString: database.url, max: 1 });
    pool.on('error', () => undefined);
    const pidOf = async (): Promise<number> => {
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return rows[0]!.pid;
    };
    const first = await pidOf();
    expect(await pidOf()).toBe(first);

    // a socket whose loss nobody has told the pool of: the next query on it fails
    const client = await pool.connect();
    Object.assign(client, { query: () => Promise.reject(new Error('Connection terminated')) });
    client.release();
    await sleep(1_100);
    expect(await pidOf()).not.toBe(first);

    await pool.end();
    await database.drop();
  });
});
