import { randomBytes, randomUUID } from 'node:crypto';
import { Logger, type LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.setup';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { DatabaseUrls } from '../../src/database/database-urls';
import { applyMigrations } from '../../src/database/migrator';
import { administer, databaseUrls } from '../harness/server';
import { temporaryDirectory } from '../harness/temporary-directory';

Logger.overrideLogger(false);

const NAME = `roles_${randomUUID().replaceAll('-', '')}`;
const CONFIGURATION = loadConfiguration({
  DATA_DIR: temporaryDirectory(),
  ENGINE_PROCESSES: '1',
  HEALTH_DETAILS: 'public',
});

let urls: DatabaseUrls;

/** As docker/postgres/roles.sql tells an operator: three roles that log in, none a superuser, the first owns the database. */
beforeAll(async () => {
  const password = randomBytes(16).toString('hex');
  await administer(
    `ALTER ROLE medai_owner LOGIN PASSWORD '${password}'`,
    `CREATE DATABASE ${NAME} OWNER medai_owner`,
  );
  const { application, sequencer, migration } = databaseUrls(NAME);
  const owner = Object.assign(new URL(migration), { username: 'medai_owner', password }).href;
  urls = new DatabaseUrls(application, sequencer, owner);
  await inDatabase(owner, applyMigrations);
});
afterAll(() => administer(`DROP DATABASE ${NAME} WITH (FORCE)`, 'ALTER ROLE medai_owner NOLOGIN'));

async function inDatabase<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const options = dataSourceOptions({ ...CONFIGURATION.database, poolSize: 0 }, url, []);
  const dataSource = await new DataSource(options).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

interface Start {
  readonly warnings: unknown[];
  readonly separated: boolean;
  /** Whether what the start recorded reached the chain. */
  readonly chained: boolean;
}

/** Starts the application with these roles, lets its start be chained, and stops it. */
async function start(as: DatabaseUrls): Promise<Start> {
  const warnings: unknown[] = [];
  const ignore = (): void => undefined;
  const logger: LoggerService = {
    log: ignore,
    error: ignore,
    warn: (entry: { event?: string }) => warnings.push(entry.event),
  };
  const app: NestExpressApplication = await createApp(CONFIGURATION, as, logger);
  try {
    await app.init();
    await app.listen(0, '127.0.0.1');
    const report = (await (await fetch(`${await app.getUrl()}/health`)).json()) as {
      components: { audit: { roles_separated: boolean } };
    };
    const chained = await inDatabase(as.migration, untilChained);
    return { warnings, separated: report.components.audit.roles_separated, chained };
  } finally {
    await app.close();
  }
}

async function untilChained(dataSource: DataSource): Promise<boolean> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const [row] = await dataSource.query<{ waits: boolean }[]>(
      `SELECT EXISTS (SELECT FROM audit_inbox) OR NOT EXISTS (SELECT FROM audit_logs) AS waits`,
    );
    if (row?.waits === false) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe('the roles of docker/postgres/roles.sql [R-55] [R-56]', () => {
  it('none is a superuser or may make roles and databases', async () => {
    const sql = `SELECT current_user AS role, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication AS more
      FROM pg_roles WHERE rolname = current_user`;
    const rows = await Promise.all(
      [urls.application, urls.sequencer, urls.migration].map((url) =>
        inDatabase(url, (dataSource) => dataSource.query(sql)),
      ),
    );
    expect(rows.flat()).toEqual([
      { role: 'medai_application', more: false },
      { role: 'medai_sequencer', more: false },
      { role: 'medai_owner', more: false },
    ]);
  });

  it('with three of them the server works, and health says that they are separated', async () => {
    const { warnings, ...seen } = await start(urls);
    expect(seen).toEqual({ separated: true, chained: true });
    expect(warnings).not.toContain('audit.roles_not_separated');
  });

  it('with one for everything it works too, warns when it starts, and health says so', async () => {
    const { warnings, ...seen } = await start(new DatabaseUrls(urls.migration));
    expect(seen).toEqual({ separated: false, chained: true });
    expect(warnings).toContain('audit.roles_not_separated');
  });
});
