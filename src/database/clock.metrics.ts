import { Gauge } from 'prom-client';

export const clockSkewSeconds = new Gauge({
  name: 'medai_database_clock_skew_seconds',
  help: 'How far the clock of this server is ahead of that of PostgreSQL; negative: behind',
});
