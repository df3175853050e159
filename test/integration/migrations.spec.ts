import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { applyMigrations } from '../../src/database/migrator';
import { schemaDrift } from '../../src/database/schema-drift';
import { ENTITIES } from '../../src/entities';
import { createTestDatabase } from '../harness/database';
import { temporaryDirectory } from '../harness/temporary-directory';

Logger.overrideLogger(false);

describe('migrations [R-25] [R-31]', () => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = () => database.drop();
    const configuration = loadConfiguration({ DATA_DIR: temporaryDirectory() });
    dataSource = await new DataSource(
      dataSourceOptions(configuration.database, database.url, ENTITIES),
    ).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await drop();
  });

  const tables = async (): Promise<string[]> => {
    const rows = await dataSource.query<{ name: string }[]>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  };

  it('fit the entities', async () => {
    expect(await schemaDrift(dataSource)).toEqual([]);
  });

  it('go down to nothing and up again', async () => {
    const complete = await tables();
    expect(complete).toEqual(
      expect.arrayContaining(['audit_inbox', 'audit_logs', 'inference_results', 'users']),
    );
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration({ transaction: 'each' });
    expect(await tables()).toEqual(['schema_migrations']);
    await applyMigrations(dataSource);
    expect(await tables()).toEqual(complete);
    expect(await dataSource.showMigrations()).toBe(false);
  });

  it.each([
    [
      "INSERT INTO users (id, username, email, password_hash, role, full_name) VALUES (gen_random_uuid(), 'a', 'a', 'a', 'god', 'a')",
      'users_role_ck',
    ],
    [
      "INSERT INTO users (id, username, email, password_hash, role, full_name, failed_login_attempts) VALUES (gen_random_uuid(), 'a', 'a', 'a', 'viewer', 'a', -1)",
      'users_failed_login_attempts_ck',
    ],
    [
      `INSERT INTO refresh_tokens (id, family_id, user_id, token_hash, expires_at, family_expires_at)
       VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', now(), now())`,
      'refresh_tokens_user_id_fk',
    ],
  ])('refuse by name what must not be stored [R-26] [R-27] [R-28]', async (sql, constraint) => {
    await expect(dataSource.query(sql)).rejects.toMatchObject({ constraint });
  });
});
