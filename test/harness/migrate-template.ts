import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { applyMigrations } from '../../src/database/migrator';
import { temporaryDirectory } from './temporary-directory';

/** Brings the template database, from which every test database is copied, up to date. */
export async function migrateTemplate(url: string): Promise<void> {
  Logger.overrideLogger(['error', 'fatal']);
  const { database } = loadConfiguration({ DATA_DIR: temporaryDirectory() });
  const dataSource = new DataSource(dataSourceOptions(database, url, []));
  await dataSource.initialize();
  try {
    await applyMigrations(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
