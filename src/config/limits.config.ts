import type { Environment } from './environment';

/** Requests a second, on average; five to ten times as many may come at once. */
export class LimitsConfig {
  /** Off: somebody in front of the application limits. */
  readonly enabled: boolean;
  readonly principalPerSecond: number;
  readonly sourcePerSecond: number;

  constructor(env: Environment) {
    this.enabled = env.oneOf('RATE_LIMIT', ['on', 'off'], 'on') === 'on';
    this.principalPerSecond = env.integer('RATE_LIMIT_PRINCIPAL', 200, 1, 100_000);
    this.sourcePerSecond = env.integer('RATE_LIMIT_SOURCE', 500, 1, 1_000_000);
  }
}
