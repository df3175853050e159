import type { Environment } from './environment';
import type { RuntimeConfig } from './runtime.config';

export class DatabaseConfig {
  /** Unset: the embedded PostgreSQL under DATA_DIR. */
  readonly url?: string;
  /** Of the role that owns the schema; only migrations use it. Unset: `url`. */
  readonly migrationUrl?: string;
  /** Of the role that writes the audit chain. Unset: `url`. Straight to the server, past a pooler in transaction mode. */
  readonly sequencerUrl?: string;
  /** `verify` checks the certificate chain and host name; `require` encrypts without checking. */
  readonly ssl: 'off' | 'require' | 'verify';
  /** Connections kept; up to 20 more are opened at need and at most 30 in all. */
  readonly poolSize: number;
  readonly poolTimeoutSeconds: number;
  readonly poolRecycleSeconds: number;
  /** How long a start waits for a server that does not take connections yet. */
  readonly waitSeconds: number;

  constructor(env: Environment, runtime: RuntimeConfig) {
    const url = (name: string): string | undefined =>
      env.url(name, env.secret(name), ['postgres:', 'postgresql:']);
    this.url = url('DATABASE_URL');
    this.migrationUrl = url('DATABASE_MIGRATION_URL');
    this.sequencerUrl = url('DATABASE_SEQUENCER_URL');
    this.ssl = env.oneOf('DATABASE_SSL', ['off', 'require', 'verify'], 'off');
    this.poolSize = env.integer('DATABASE_POOL_SIZE', 10, 1, 30);
    this.poolTimeoutSeconds = env.integer('DATABASE_POOL_TIMEOUT_SECONDS', 30, 1, 300);
    this.poolRecycleSeconds = env.integer('DATABASE_POOL_RECYCLE_SECONDS', 3600, 60, 86_400);
    this.waitSeconds = env.integer('DATABASE_WAIT_SECONDS', 60, 0, 3600);
    if (runtime.production && this.url === undefined) {
      env.problem(
        'DATABASE_URL: must be set when NODE_ENV is production (postgres://user:password@host/name)',
      );
    }
  }
}
