import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { processConfiguration } from './config/configuration';
import { StartupError } from './config/startup.error';
import { migrationOptions } from './database/data-source-options';
import { applyMigrations } from './database/migrator';
import { schemaDrift } from './database/schema-drift';
import { ENTITIES } from './entities';
import { jsonLogger } from './http/json-logger';
import { startServer } from './open-database';

const COMMANDS: Readonly<Record<string, (dataSource: DataSource) => Promise<string>>> = {
  async run(dataSource) {
    await applyMigrations(dataSource);
    return 'The schema is up to date.';
  },
  async revert(dataSource) {
    await dataSource.undoLastMigration({ transaction: 'each' });
    return 'The last migration is reverted.';
  },
  async show(dataSource) {
    const applied = await dataSource
      .query<{ name: string }[]>('SELECT name FROM schema_migrations ORDER BY id')
      .catch(() => []);
    const names = new Set(applied.map(({ name }) => name));
    return dataSource.migrations
      .map(({ name }) => `${names.has(name ?? '') ? '[X]' : '[ ]'} ${name}`)
      .join('\n');
  },
  async check(dataSource) {
    if (await dataSource.showMigrations())
      throw new StartupError('There are migrations that have not been applied.');
    const drift = await schemaDrift(dataSource);
    if (drift.length > 0) throw new StartupError(`The entities and the schema differ:\n${drift.join('\n')}`);
    return 'The schema is up to date and fits the entities.';
  },
};

async function main(name: string): Promise<void> {
  const command = COMMANDS[name];
  if (command === undefined) throw new StartupError(`Expected one of: ${Object.keys(COMMANDS).join(', ')}`);
  const configuration = processConfiguration();
  Logger.overrideLogger(jsonLogger(configuration.runtime.logLevel, 2));
  const server = await startServer(configuration);
  const dataSource = new DataSource(
    migrationOptions(configuration.database, server.urls.migration, ENTITIES),
  );
  try {
    await dataSource.initialize();
    process.stdout.write(`${await command(dataSource)}\n`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await server.close();
  }
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof StartupError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
