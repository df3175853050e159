import { Client } from 'pg';
import { DatabaseUrls } from '../../src/database/database-urls';

export const TEMPLATE = 'medai_template';

/** How global-setup, which starts the server, tells the workers where each role connects; `migration` is a superuser. */
export const SERVER_URLS = 'MEDAI_TEST_SERVER_URLS';

export function databaseUrls(database: string): DatabaseUrls {
  const { application, sequencer, migration } = serverUrls();
  const at = (server: string): string => Object.assign(new URL(server), { pathname: `/${database}` }).href;
  return new DatabaseUrls(at(application), at(sequencer), at(migration));
}

/** Runs statements on the test server as a superuser, outside any test database. */
export async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: serverUrls().migration });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function serverUrls(): DatabaseUrls {
  const urls = process.env[SERVER_URLS];
  if (urls === undefined)
    throw new Error('No test server: jest.config.js must name test/harness/global-setup.ts');
  return JSON.parse(urls) as DatabaseUrls;
}
