import { chmodSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { separateRoles } from '../../src/database/database-roles';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres';
import { migrateTemplate } from './migrate-template';
import { openRunLogs } from './run-logs';
import { administer, databaseUrls, SERVER_URLS, TEMPLATE } from './server';
import { temporaryDirectory } from './temporary-directory';
import openTemporaryDirectory from './temporary-setup';

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

/** One server for the run: that of TEST_DATABASE_URL, whose user is a superuser, or one in a temporary folder. */
export default async function globalSetup(): Promise<void> {
  openTemporaryDirectory();
  openRunLogs();
  const url = process.env['TEST_DATABASE_URL'] ?? (await startServer());
  try {
    process.env[SERVER_URLS] = JSON.stringify(await separateRoles(url));
    await administer(
      `DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`,
      `CREATE DATABASE ${TEMPLATE} OWNER medai_owner`,
    );
    await migrateTemplate(asOwner(databaseUrls(TEMPLATE).migration));
  } catch (error) {
    await globalThis.stopTestServer?.();
    throw error;
  }
}

/** The superuser who acts as the owner of the schema: that role suffices for migrations. */
const asOwner = (url: string): string => `${url}?options=${encodeURIComponent('-c role=medai_owner')}`;

async function startServer(): Promise<string> {
  const parent = temporaryDirectory();
  chmodSync(parent, 0o711);
  // An interrupted run leaves through `exit` too, where server and folder end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const server = await EmbeddedPostgres.start({ directory: join(parent, 'postgres'), settings: SETTINGS });
  globalThis.stopTestServer = () => server.stop();
  return server.url;
}
