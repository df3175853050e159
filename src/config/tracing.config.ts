import type { Environment } from './environment';

export class TracingConfig {
  /** Base URL of an OTLP/HTTP collector; unset: no tracing. The other OTEL_ variables are read by the SDK itself. */
  readonly endpoint?: string;
  readonly serviceName: string;

  constructor(env: Environment) {
    const text = env.text('OTEL_EXPORTER_OTLP_ENDPOINT');
    this.endpoint = env.url('OTEL_EXPORTER_OTLP_ENDPOINT', text, ['http:', 'https:'])?.replace(/\/$/, '');
    this.serviceName = env.text('OTEL_SERVICE_NAME') ?? 'medai-flow';
  }
}
