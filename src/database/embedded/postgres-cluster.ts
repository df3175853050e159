import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type DatabaseError } from 'pg';
import { StartupError } from '../../config/startup.error';
import { commandLine, POSTGRES_ENVIRONMENT, type PostgresAccount } from './postgres-programs';

export const POSTGRES_USER = 'medai';
export const POSTGRES_DATABASE = 'medai';

const CLUSTER = 'cluster';
const UNFINISHED = 'init-';
const INITDB_TIMEOUT_MS = 120_000;

export const clusterData = (directory: string): string => join(directory, CLUSTER, 'data');

/**
 * Makes a cluster on first use. Data and password appear together, by one rename, when both are complete: what an
 * interrupted attempt leaves behind is thrown away by the next.
 * @returns the password of the database user
 */
export async function openCluster(
  directory: string,
  initdb: string,
  account: PostgresAccount,
  durable: boolean,
): Promise<string> {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith(UNFINISHED))) {
    await rm(join(directory, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  if (!existsSync(join(directory, CLUSTER))) {
    const unfinished = mkdtempSync(join(directory, UNFINISHED));
    await initialise(unfinished, initdb, account, durable);
    renameSync(unfinished, join(directory, CLUSTER));
  }
  return readFileSync(join(directory, CLUSTER, 'password'), 'utf8');
}

async function initialise(
  folder: string,
  initdb: string,
  { uid, gid, prefix }: PostgresAccount,
  durable: boolean,
): Promise<void> {
  const password = join(folder, 'password');
  writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (uid !== undefined && gid !== undefined)
    for (const path of [folder, password]) chownSync(path, uid, gid);
  const files = ['--pgdata', join(folder, 'data'), '--pwfile', password, ...(durable ? [] : ['--no-sync'])];
  const access = ['--username', POSTGRES_USER, '--auth', 'scram-sha-256'];
  const locale = ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin'];
  const [file, args] = commandLine(prefix, initdb, [
    ...files,
    ...access,
    ...locale,
    '--builtin-locale',
    'C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ]);
  const options = { uid, gid, cwd: folder, env: POSTGRES_ENVIRONMENT, timeout: INITDB_TIMEOUT_MS };
  await new Promise<void>((resolve, reject) => {
    execFile(file, args, options, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new StartupError(`The database cluster could not be made: ${describe(stderr, folder)}`));
    });
  });
}

function describe(stderr: string, folder: string): string {
  const remedy = stderr.includes('shared libraries') ? ' (remedy: npm rebuild --ignore-scripts=false)' : '';
  return (stderr.replaceAll(folder, '<DATA_DIR>').trim() || 'initdb was interrupted') + remedy;
}

/** Creates the application's database if it is missing, and so proves that the server accepts the password. */
export async function ensureDatabase(url: string): Promise<void> {
  const missing = await connectAndRun(url).then(
    () => false,
    (error: DatabaseError) => {
      if (error.code === '3D000') return true;
      throw error;
    },
  );
  if (!missing) return;
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  await connectAndRun(maintenance.href, `CREATE DATABASE ${POSTGRES_DATABASE}`);
}

async function connectAndRun(url: string, statement?: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    if (statement !== undefined) await client.query(statement);
  } finally {
    await client.end();
  }
}
