import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { awaitServer } from '../../src/database/await-server';
import { createTestDatabase, type TestDatabase } from '../harness/database';
import { freePort } from '../harness/redis-server';
import { TcpProxy } from '../harness/tcp-proxy';

let database: TestDatabase;
beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('waiting for PostgreSQL at the start [R-29]', () => {
  it('goes on as soon as it takes connections', async () => {
    const port = await freePort();
    const waiting = awaitServer({ connectionString: at(port) }, 30);
    await sleep(300);
    const proxy = await TcpProxy.start(database.url, port);
    await expect(waiting).resolves.toBeUndefined();
    await proxy.stop();
  });

  it('ends with what to do when nobody listens, and when nobody answers', async () => {
    const port = await freePort();
    await expect(awaitServer({ connectionString: at(port) }, 1)).rejects.toThrow(
      /did not take a connection within 1 s \(ECONNREFUSED\).*DATABASE_WAIT_SECONDS/,
    );
    const silent = createServer().listen(port, '127.0.0.1');
    await expect(awaitServer({ connectionString: at(port) }, 1)).rejects.toThrow('(ETIMEDOUT)');
    silent.close();
  });

  it('does not wait for what waiting does not mend, and tells no password', async () => {
    const url = Object.assign(new URL(database.url), { password: 'not-the-password' }).href;
    const refusal = await awaitServer({ connectionString: url }, 30).catch((error: Error) => error);
    expect(refusal).toMatchObject({ message: 'PostgreSQL refuses the connection of DATABASE_URL (28P01).' });
  });

  const at = (port: number): string => Object.assign(new URL(database.url), { port: String(port) }).href;
});
