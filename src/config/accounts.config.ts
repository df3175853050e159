import type { Environment } from './environment';
import type { RuntimeConfig } from './runtime.config';

export class AccountsConfig {
  readonly adminUsername: string;
  /** Unset outside production: generated at the first start and printed once. */
  readonly adminPassword?: string;
  /** Failures of one account within the window that lock it. */
  readonly lockoutThreshold: number;
  readonly lockoutWindowSeconds: number;
  readonly lockoutSeconds: number;
  /** Failed logins of one source, whatever the account, within the window after which it must wait. */
  readonly loginSourceThreshold: number;
  readonly loginSourceWindowSeconds: number;
  readonly accessTokenSeconds: number;
  /** The address under which clients reach this installation, without a path; names the audience of assertions. */
  readonly publicUrl?: string;

  constructor(env: Environment, runtime: RuntimeConfig) {
    this.adminUsername = env.text('ADMIN_USERNAME') ?? 'admin';
    this.adminPassword = env.secret('ADMIN_PASSWORD');
    this.lockoutThreshold = env.integer('LOCKOUT_THRESHOLD', 5, 1, 100);
    this.lockoutWindowSeconds = env.integer('LOCKOUT_WINDOW_SECONDS', 900, 1, 86_400);
    this.lockoutSeconds = env.integer('LOCKOUT_SECONDS', 900, 1, 86_400);
    this.loginSourceThreshold = env.integer('LOGIN_SOURCE_THRESHOLD', 300, 1, 1_000_000);
    this.loginSourceWindowSeconds = env.integer('LOGIN_SOURCE_WINDOW_SECONDS', 600, 1, 86_400);
    this.accessTokenSeconds = env.integer('ACCESS_TOKEN_SECONDS', 600, 5, 3_600);
    const publicUrl = env.url('PUBLIC_URL', env.text('PUBLIC_URL'), ['https:', 'http:']);
    this.publicUrl = publicUrl && new URL(publicUrl).origin;
    if (!/^[a-z0-9][a-z0-9._-]{1,63}$/.test(this.adminUsername)) {
      env.problem('ADMIN_USERNAME: expected 2 to 64 of a-z, 0-9, dot, underscore and hyphen');
    }
    if (this.adminPassword !== undefined && Array.from(this.adminPassword).length < 15) {
      env.problem('ADMIN_PASSWORD: expected at least 15 characters');
    }
    if (runtime.production && this.adminPassword === undefined) {
      env.problem('ADMIN_PASSWORD: must be set when NODE_ENV is production');
    }
  }
}
