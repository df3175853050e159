import { resolve } from 'node:path';
import { openDataDirectory } from './start/data-directory';
import type { Environment } from './environment';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What the whole process depends on. */
export class RuntimeConfig {
  /** `production` refuses embedded PostgreSQL, generated secrets and demo accounts. */
  readonly production: boolean;
  /** Absolute path; holds embedded PostgreSQL, generated secrets and model artifacts. */
  readonly dataDir: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Install the demo model and accounts and print a request to paste. */
  readonly demo: boolean;
  /** From the signal to stop on, a replica that is not ready any more still serves: load balancers notice late. */
  readonly drainSeconds: number;
  /** From the signal to stop until the process has ended, whatever is under way. */
  readonly graceSeconds: number;

  constructor(env: Environment) {
    this.production =
      env.oneOf('NODE_ENV', ['development', 'test', 'production'], 'development') === 'production';
    this.dataDir = resolve(env.text('DATA_DIR') ?? '.data');
    openDataDirectory(this.dataDir);
    this.logLevel = env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info');
    const embedded = !env.isSet('DATABASE_URL');
    this.demo = env.oneOf('DEMO', ['on', 'off'], embedded && !this.production ? 'on' : 'off') === 'on';
    this.drainSeconds = env.integer('SHUTDOWN_DRAIN_SECONDS', this.production ? 5 : 0, 0, 300);
    this.graceSeconds = env.integer('SHUTDOWN_GRACE_SECONDS', 30, 1, 3600);
    if (this.drainSeconds >= this.graceSeconds)
      env.problem('SHUTDOWN_DRAIN_SECONDS: expected less than SHUTDOWN_GRACE_SECONDS');
    if (this.production && this.demo) env.problem('DEMO: must be off when NODE_ENV is production');
  }
}
