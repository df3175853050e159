import pg from 'pg';
import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import type { DatabaseConfig } from '../config/database.config';
import { PreparingClient } from './pool/preparing-client';
import { sqlMigrations } from './sql-migrations';
import { ValidatingPool } from './pool/validating-pool';

const OVERFLOW = 20;
const MAX_CONNECTIONS = 30;
const STATEMENT_TIMEOUT_MS = 15_000;
/** For a server that is stopped or cut off and so keeps no time-out of its own; the connection is given up with it. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000;

export type EntityClass = EntityTarget<ObjectLiteral> & (new () => ObjectLiteral);

/** What node-postgres takes as `ssl`. */
export const sslOf = ({ ssl }: DatabaseConfig): false | { readonly rejectUnauthorized: boolean } =>
  ssl === 'off' ? false : { rejectUnauthorized: ssl === 'verify' };

/** The same for the application and the tests. */
export function dataSourceOptions(
  config: DatabaseConfig,
  url: string,
  entities: readonly EntityClass[],
): DataSourceOptions {
  return {
    type: 'postgres',
    driver: { ...pg, Pool: ValidatingPool },
    url,
    ssl: sslOf(config),
    applicationName: 'medai-flow',
    entities: [...entities],
    migrations: sqlMigrations(),
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    poolSize: Math.min(config.poolSize + OVERFLOW, MAX_CONNECTIONS),
    connectTimeoutMS: config.poolTimeoutSeconds * 1000,
    extra: {
      Client: PreparingClient,
      min: config.poolSize,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: config.poolRecycleSeconds,
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}

/** For who changes the schema: it takes as long as it takes. */
export function migrationOptions(...args: Parameters<typeof dataSourceOptions>): DataSourceOptions {
  const options = dataSourceOptions(...args);
  const extra: unknown = 'extra' in options ? options.extra : {};
  return Object.assign(options, {
    extra: Object.assign({}, extra, { statement_timeout: 0, query_timeout: 0 }),
  });
}
