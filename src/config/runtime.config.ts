import { resolve } from 'node:path';
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

  constructor(env: Environment) {
    this.production = env.text('NODE_ENV') === 'production';
    this.dataDir = resolve(env.text('DATA_DIR') ?? '.data');
    this.logLevel = env.oneOf('LOG_LEVEL', LOG_LEVELS, 'info');
    const embedded = !env.isSet('DATABASE_URL');
    this.demo = env.oneOf('DEMO', ['on', 'off'], embedded && !this.production ? 'on' : 'off') === 'on';
    if (this.production && this.demo) env.problem('DEMO: must be off when NODE_ENV is production');
  }
}
