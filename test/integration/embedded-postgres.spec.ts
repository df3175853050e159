import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres';
import { birthOf } from '../../src/database/embedded/process-table';
import { EmbeddedSandbox, output, query, until } from '../harness/embedded-sandbox';

jest.setTimeout(30_000);

const KEEP = 'DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer';

describe('EmbeddedPostgres', () => {
  const sandbox = new EmbeddedSandbox();

  beforeAll(async () => {
    await (await sandbox.start()).stop();
  });
  afterEach(() => sandbox.endAll());
  afterAll(() => sandbox.dispose());

  it('creates a checksummed UTF-8 database with SCRAM passwords that only the loopback address reaches', async () => {
    const fresh = new EmbeddedSandbox();
    try {
      const { url } = await fresh.start();
      expect(new URL(url)).toMatchObject({ protocol: 'postgres:', username: 'medai', hostname: '127.0.0.1' });
      const settings = await query(
        url,
        `SELECT current_database() AS name, current_setting('server_encoding') AS encoding,
                current_setting('data_checksums') AS checksums, current_setting('listen_addresses') AS addresses,
                current_setting('unix_socket_directories') AS sockets, upper('ä') AS upper,
                (SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = current_user) AS password`,
      );
      expect(settings).toEqual([
        {
          name: 'medai',
          encoding: 'UTF8',
          checksums: 'on',
          addresses: '127.0.0.1',
          sockets: '',
          upper: 'Ä',
          password: 'SCRAM-SHA-256',
        },
      ]);
    } finally {
      await fresh.dispose();
    }
  });

  it('asks for its password, which only the owner can read', async () => {
    const server = await sandbox.start();
    const password = join(sandbox.directory, 'cluster', 'password');
    expect(statSync(password).mode & 0o077).toBe(0);
    expect(readFileSync(password, 'utf8')).toBe(new URL(server.url).password);
    const wrong = new URL(server.url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps its data from one start to the next', async () => {
    const first = await sandbox.start();
    await query(first.url, KEEP);
    await first.stop();
    const second = await sandbox.start();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('starts when the folders above it are closed to other users, and when they open again', async () => {
    for (const mode of [0o700, 0o711]) {
      chmodSync(sandbox.parent, mode);
      const server = await sandbox.start();
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await server.stop();
    }
  });

  it('stops twice as well as once and leaves neither process nor claim', async () => {
    const server = await sandbox.start();
    const pid = sandbox.serverPid();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(birthOf(pid)).toBeUndefined();
    expect(sandbox.entries('owner.')).toEqual([]);
    expect(existsSync(join(sandbox.data, 'postmaster.pid'))).toBe(false);
  });

  it('ends with a process that leaves without stopping it', async () => {
    expect(await output(sandbox.startChild('leave'))).toMatch(/^postgres:/);
    await until(() => !existsSync(join(sandbox.data, 'postmaster.pid')));
  });

  it('refuses a directory that another process uses, and leaves that one alone', async () => {
    const child = sandbox.startChild('stay');
    const url = await output(child);
    await expect(sandbox.start()).rejects.toThrow(`in use by process ${child.pid}. Stop that process`);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses a second start in the same process until the first has stopped', async () => {
    const server = await sandbox.start();
    await expect(sandbox.start()).rejects.toThrow(`in use by process ${process.pid}`);
    await server.stop();
    await expect(sandbox.start()).resolves.toBeInstanceOf(EmbeddedPostgres);
  });

  it('says why the server did not start, without its path, and gives the directory back', async () => {
    const failure = await sandbox.start({ max_connections: 'many' }).catch((error: Error) => error.message);
    expect(failure).toContain('did not start');
    expect(failure).toContain('max_connections');
    expect(failure).not.toContain(sandbox.parent);
    await expect(sandbox.start()).resolves.toBeInstanceOf(EmbeddedPostgres);
  });

  it('keeps statements and rows out of the log', async () => {
    const server = await sandbox.start();
    const insert = `CREATE TEMPORARY TABLE patients (name text PRIMARY KEY);
                    INSERT INTO patients VALUES ('Marie Curie'), ('Marie Curie')`;
    await expect(query(server.url, insert)).rejects.toThrow('duplicate key');
    await expect(query(server.url, `SELECT 'Marie Curie'::int`)).rejects.toThrow('invalid input syntax');
    const path = join(sandbox.directory, 'postgres.log');
    const log = readFileSync(path, 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toContain('Curie');
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('names the remedy where the development dependencies are missing', async () => {
    const preload = join(sandbox.parent, 'production-install.cjs');
    writeFileSync(
      preload,
      `const Module = require('node:module');
       const resolve = Module._resolveFilename;
       Module._resolveFilename = function (name, ...rest) {
         return resolve.call(this, name === 'embedded-postgres' ? 'not-installed' : name, ...rest);
       };`,
    );
    const child = sandbox.startChild('leave', ['--require', preload]);
    expect(await output(child)).toContain('Set DATABASE_URL');
  });
});
