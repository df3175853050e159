import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { birthOf } from '../../src/database/embedded/process-table';
import { EmbeddedSandbox, kill, maintenanceUrl, output, query, until } from '../harness/embedded-sandbox';

jest.setTimeout(30_000);

const KEEP = 'DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer';

describe('EmbeddedPostgres', () => {
  const sandbox = new EmbeddedSandbox();

  beforeAll(async () => {
    await (await sandbox.start()).stop();
  });
  afterEach(() => sandbox.endAll());
  afterAll(() => sandbox.dispose());

  it('stops the orphan of a killed process and keeps its data', async () => {
    const child = sandbox.startChild('stay');
    await query(await output(child), KEEP);
    const orphan = sandbox.serverPid();
    await kill(child);
    expect(birthOf(orphan)).toBeDefined();
    const server = await sandbox.start();
    expect(birthOf(orphan)).toBeUndefined();
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(sandbox.entries('owner.')).toHaveLength(1);
  });

  it('starts over after a process was killed in the middle of the first start', async () => {
    const fresh = new EmbeddedSandbox();
    try {
      const child = fresh.startChild('stay');
      const begun = (name: string): boolean => existsSync(join(fresh.directory, name, 'data', 'PG_VERSION'));
      await until(() => fresh.entries('init-').some(begun));
      await kill(child);
      expect(existsSync(fresh.data)).toBe(false);
      const server = await fresh.start();
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(fresh.entries('init-')).toEqual([]);
    } finally {
      await fresh.dispose();
    }
  });

  it('creates the database that an interrupted first start did not get to', async () => {
    const first = await sandbox.start();
    await query(maintenanceUrl(first.url), 'DROP DATABASE medai');
    await first.stop();
    const second = await sandbox.start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['is garbage', 'garbage\n'],
    ['is empty', ''],
    ['names every process', '-1\n'],
    ['names a living process that is no server', `${process.pid}\n/elsewhere\n`],
  ])('starts when postmaster.pid %s', async (_case, content) => {
    writeFileSync(join(sandbox.data, 'postmaster.pid'), content);
    const server = await sandbox.start();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves a server alone whose postmaster.pid came along in a copy of its folder', async () => {
    const original = await sandbox.start();
    const copy = sandbox.copy();
    try {
      for (const claim of copy.entries('owner.')) rmSync(join(copy.directory, claim));
      const server = await copy.start();
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(await query(original.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await copy.dispose();
    }
  });

  it('does not believe the claim of a dead process whose pid lives again', async () => {
    writeFileSync(join(sandbox.directory, `owner.${process.ppid}.1`), '');
    await sandbox.start();
    expect(sandbox.entries('owner.')).toEqual([`owner.${process.pid}.${birthOf(process.pid)}`]);
  });

  it('logs that the server died and starts again with the same data', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const server = await sandbox.start();
    await query(server.url, KEEP);
    process.kill(sandbox.serverPid(), 'SIGKILL');
    await until(() => logged.mock.calls.length > 0);
    expect(logged.mock.calls).toEqual([
      [{ event: 'postgres.ended_unexpectedly', exit_code: null, signal: 'SIGKILL' }],
    ]);
    logged.mockRestore();
    await server.stop();
    const next = await sandbox.start();
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });
});
