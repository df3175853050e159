import { Gauge } from 'prom-client';

export interface PoolStatus {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

const pools = new Set<() => PoolStatus>();

/** Shows a pool in the gauges below until the returned function is called. */
export function measured(pool: () => PoolStatus): () => void {
  pools.add(pool);
  return () => pools.delete(pool);
}

const sumOf = (value: (pool: PoolStatus) => number): number =>
  [...pools].reduce((sum, pool) => sum + value(pool()), 0);

const connections: Gauge = new Gauge({
  name: 'medai_database_pool_connections',
  help: 'Connections to PostgreSQL: in use, idle, and as many as there may be (max)',
  labelNames: ['state'],
  collect() {
    connections.set(
      { state: 'used' },
      sumOf(({ total, idle }) => total - idle),
    );
    connections.set(
      { state: 'idle' },
      sumOf(({ idle }) => idle),
    );
    connections.set(
      { state: 'max' },
      sumOf(({ max }) => max),
    );
  },
});

const waiting: Gauge = new Gauge({
  name: 'medai_database_pool_waiting',
  help: 'Requests that wait for a connection to PostgreSQL',
  collect() {
    waiting.set(sumOf((pool) => pool.waiting));
  },
});
