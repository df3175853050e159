import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { Configuration } from './config/configuration';
import { awaitServer } from './database/await-server';
import { migrationOptions, sslOf } from './database/data-source-options';
import { separateRoles } from './database/database-roles';
import { DatabaseUrls } from './database/database-urls';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres';
import { applyMigrations } from './database/migrator';
import { ENTITIES } from './entities';

export interface OpenDatabase {
  readonly urls: DatabaseUrls;
  close(): Promise<void>;
}

/** The configured server, as soon as it takes connections, or the embedded one. */
export async function startServer({ database, runtime }: Configuration): Promise<OpenDatabase> {
  const { url, sequencerUrl, migrationUrl } = database;
  if (url !== undefined) {
    await awaitServer({ connectionString: url, ssl: sslOf(database) }, database.waitSeconds);
    return { urls: new DatabaseUrls(url, sequencerUrl, migrationUrl), close: () => Promise.resolve() };
  }
  const postgres = await EmbeddedPostgres.start({ directory: join(runtime.dataDir, 'postgres') });
  return { urls: await separateRoles(postgres.url), close: () => postgres.stop() };
}

/** Starts the server and, except in production, where that is a step of its own, brings the schema up to date. */
export async function openDatabase(configuration: Configuration): Promise<OpenDatabase> {
  const server = await startServer(configuration);
  if (!configuration.runtime.production) {
    const dataSource = new DataSource(
      migrationOptions(configuration.database, server.urls.migration, ENTITIES),
    );
    await dataSource.initialize();
    try {
      await applyMigrations(dataSource);
    } finally {
      await dataSource.destroy();
    }
  }
  return server;
}
