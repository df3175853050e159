import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres';
import { migrateTemplate } from './migrate-template';
import { administer, databaseUrl, SERVER_URL, TEMPLATE } from './server';

declare global {
  var stopTestServer: (() => Promise<void>) | undefined;
}

/** Fast, and lost in a crash. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

/** One server for the run: that of TEST_DATABASE_URL, whose user may create databases, or one in a temporary folder. */
export default async function globalSetup(): Promise<void> {
  process.env[SERVER_URL] = process.env['TEST_DATABASE_URL'] ?? (await startServer());
  try {
    await administer(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`, `CREATE DATABASE ${TEMPLATE}`);
    await migrateTemplate(databaseUrl(TEMPLATE));
  } catch (error) {
    await globalThis.stopTestServer?.();
    throw error;
  }
}

async function startServer(): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'medai-test-'));
  const remove = (): void => rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  chmodSync(parent, 0o711);
  process.once('exit', remove);
  // An interrupted run leaves through `exit` too, where server and folder end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const server = await EmbeddedPostgres.start({ directory: join(parent, 'postgres'), settings: SETTINGS });
  globalThis.stopTestServer = async () => {
    await server.stop();
    remove();
  };
  return server.url;
}
