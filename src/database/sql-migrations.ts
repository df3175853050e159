import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const DIRECTORY = join(__dirname, '../../migrations');
const FILE = /^(\d{13})-([a-z-]+)\.up\.sql$/;

/** One TypeORM migration for each `<timestamp>-<name>.up.sql` and its `.down.sql` in `migrations/`. */
export function sqlMigrations(): (new () => MigrationInterface)[] {
  return readdirSync(DIRECTORY)
    .map((file) => FILE.exec(file))
    .filter((match) => match !== null)
    .map(([, timestamp, name]) => sqlMigration(timestamp!, name!));
}

function sqlMigration(timestamp: string, name: string): new () => MigrationInterface {
  const run = async (runner: QueryRunner, direction: 'up' | 'down'): Promise<void> => {
    await runner.query(readFileSync(join(DIRECTORY, `${timestamp}-${name}.${direction}.sql`), 'utf8'));
  };
  return class implements MigrationInterface {
    readonly name = `${name}${timestamp}`;
    readonly up = (runner: QueryRunner): Promise<void> => run(runner, 'up');
    readonly down = (runner: QueryRunner): Promise<void> => run(runner, 'down');
  };
}
