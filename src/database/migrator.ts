import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';

/** Any number of replicas may start at once: one applies, the others wait for it. */
const MIGRATION_LOCK = 7_202_611;

const GRANTS = join(__dirname, '../../migrations/grants.sql');

const logger = new Logger('Migrator');

/** Applies what is pending, each migration in a transaction of its own, and then the rights of the roles. */
export async function applyMigrations(dataSource: DataSource): Promise<void> {
  const lockHolder = dataSource.createQueryRunner();
  try {
    await lockHolder.query('SELECT set_config($1, $2, false)', ['lock_timeout', '0']);
    await lockHolder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await dataSource.runMigrations();
    for (const { name } of applied) logger.log({ event: 'migration.applied', migration: name });
    await dataSource.query(readFileSync(GRANTS, 'utf8'));
    await lockHolder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await lockHolder.query('RESET lock_timeout');
  } finally {
    await lockHolder.release();
  }
}
