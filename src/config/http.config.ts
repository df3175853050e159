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
  /** What becomes of a request that reached the proxy without TLS; `redirect`: of a GET without a token. */
  readonly https: 'off' | 'refuse' | 'redirect';
  /** See `AccountsConfig`. */
  readonly publicUrl?: string;
  /** Web pages of these origins may call; none: browsers keep all others' pages away. */
  readonly corsOrigins: readonly string[];
  /** At a time; further ones are closed at once. */
  readonly maxConnections: number;
  /** Memory for the bodies of all requests under way. */
  readonly bodyMemoryBytes: number;

  constructor(env: Environment) {
    this.port = env.integer('PORT', 3000, 0, 65_535);
    this.host = env.text('HOST') ?? '127.0.0.1';
    this.docs = env.oneOf('DOCS', ['on', 'off'], 'on') === 'on';
    this.healthDetailsPublic = env.oneOf('HEALTH_DETAILS', ['admin', 'public'], 'admin') === 'public';
    this.trustedProxyHops = env.integer('TRUST_PROXY', 0, 0, 10);
    this.metricsPort =
      env.text('METRICS_PORT') === undefined ? undefined : env.integer('METRICS_PORT', 0, 0, 65_535);
    this.https = env.oneOf('HTTPS', ['off', 'refuse', 'redirect'], 'off');
    const publicUrl = env.url('PUBLIC_URL', env.text('PUBLIC_URL'), ['https:', 'http:']);
    this.publicUrl = publicUrl && new URL(publicUrl).origin;
    this.corsOrigins = (env.text('CORS_ORIGINS') ?? '')
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean);
    this.maxConnections = env.integer('HTTP_CONNECTIONS', 2_000, 1, 100_000);
    this.bodyMemoryBytes = env.integer('BODY_MEMORY_MIB', 512, 257, 1_048_576) * 1024 ** 2;
    if (this.https !== 'off' && this.trustedProxyHops === 0)
      env.problem('TRUST_PROXY: must count the proxies when HTTPS is set, they tell how a request came');
    if (this.https === 'redirect' && !this.publicUrl?.startsWith('https:'))
      env.problem('PUBLIC_URL: must be an https URL when HTTPS is redirect');
    if (!this.corsOrigins.every(isOrigin))
      env.problem('CORS_ORIGINS: expected origins such as https://portal.example.org, between commas');
  }
}

/** As a browser sends it: scheme, host and port, nothing more; so never `*` and never `null`. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
