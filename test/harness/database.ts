import { randomUUID } from 'node:crypto';
import { administer, databaseUrl, TEMPLATE } from './server';

export interface TestDatabase {
  readonly url: string;
  /** Ends what is still connected. */
  readonly drop: () => Promise<void>;
}

/** A migrated, empty database that nobody else uses. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`);
  return {
    url: databaseUrl(name),
    drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}
