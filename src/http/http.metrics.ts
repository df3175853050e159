import { Counter, Gauge, Histogram } from 'prom-client';

/** `route` is the pattern of the router, so that the number of series is bounded. */
export const requestDuration = new Histogram({
  name: 'medai_http_request_duration_seconds',
  help: 'From the first byte of the request read to the answer closed',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});

export const bodyBytes = new Gauge({
  name: 'medai_http_body_bytes',
  help: 'Memory reserved for the bodies of requests under way; BODY_MEMORY_MIB is the limit',
});

export const httpErrors = new Counter({
  name: 'medai_http_errors_total',
  help: 'Answers that are problem details, by error code',
  labelNames: ['code', 'category'],
});

export const logLinesLost = new Counter({
  name: 'medai_log_lines_lost_total',
  help: 'Lines of the log that were dropped because its disk is full',
});
