import { randomUUID } from 'node:crypto';
import type { DatabaseUrls } from '../../src/database/database-urls';
import { administer, databaseUrls, TEMPLATE } from './server';

export interface TestDatabase {
  /** Of a superuser, to look at everything and to tamper. */
  readonly url: string;
  /** As the product connects: application and sequencer in their own roles. */
  readonly urls: DatabaseUrls;
  /** Ends what is still connected. */
  readonly drop: () => Promise<void>;
}

/** A migrated, empty database that nobody else uses. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} OWNER medai_owner TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`);
  const urls = databaseUrls(name);
  return {
    url: urls.migration,
    urls,
    drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}
