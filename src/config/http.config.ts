import type { Environment } from './environment';

export class HttpConfig {
  /** 0 lets the operating system choose a free port. */
  readonly port: number;
  readonly host: string;
  /** Serve the OpenAPI document and its pages at /docs. */
  readonly docs: boolean;
  /** Show the full health report without a token. */
  readonly healthDetailsPublic: boolean;
  /** Number of reverse proxies whose X-Forwarded-For entries are believed. */
  readonly trustedProxyHops: number;
  /** Metrics on a port of their own; undefined: GET /metrics on the main one. */
  readonly metricsPort: number | undefined;

  constructor(env: Environment) {
    this.port = env.integer('PORT', 3000, 0, 65_535);
    this.host = env.text('HOST') ?? '127.0.0.1';
    this.docs = env.oneOf('DOCS', ['on', 'off'], 'on') === 'on';
    this.healthDetailsPublic = env.oneOf('HEALTH_DETAILS', ['admin', 'public'], 'admin') === 'public';
    this.trustedProxyHops = env.integer('TRUST_PROXY', 0, 0, 10);
    this.metricsPort =
      env.text('METRICS_PORT') === undefined ? undefined : env.integer('METRICS_PORT', 0, 0, 65_535);
  }
}
