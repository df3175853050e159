import pg from 'pg';
import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import type { DatabaseConfig } from '../config/database.config';
import { PreparingClient } from './preparing-client';
import { sqlMigrations } from './sql-migrations';
import { ValidatingPool } from './validating-pool';

const OVERFLOW = 20;
const MAX_CONNECTIONS = 30;
const STATEMENT_TIMEOUT_MS = 15_000;

export type EntityClass = EntityTarget<ObjectLiteral> & (new () => ObjectLiteral);

/** What node-postgres takes as `ssl`. */
export const sslOf = ({ ssl }: DatabaseConfig): false | { readonly rejectUnauthorized: boolean } =>
  ssl === 'off' ? false : { rejectUnauthorized: ssl === 'verify' };

/** The same for the application, the migration command and the tests. */
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
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}
