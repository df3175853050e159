import { Client } from 'pg';

export const TEMPLATE = 'medai_template';

/** How global-setup, which starts the server, tells the workers where it is. */
export const SERVER_URL = 'MEDAI_TEST_SERVER_URL';

export function databaseUrl(database: string): string {
  const server = process.env[SERVER_URL];
  if (server === undefined)
    throw new Error('No test server: jest.config.js must name test/harness/global-setup.ts');
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs statements on the test server, outside any test database. */
export async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: process.env[SERVER_URL] });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
