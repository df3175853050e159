import type { Environment } from './environment';

/** From the first share on degraded, from the second on unhealthy. */
export interface Limits {
  readonly degraded: number;
  readonly unhealthy: number;
}

/** What the full report calls too much. The reasons for the defaults are in docs/operations.md. */
export class HealthConfig {
  /** Processes that run or wait to run, per core, averaged over a minute. */
  readonly cpu: Limits;
  /** Memory in use of what the container, or else the machine, has. */
  readonly memory: Limits;
  /** Used of the disk under DATA_DIR. */
  readonly disk: Limits;

  constructor(env: Environment) {
    this.cpu = limits(env, 'CPU', [200, 800], 10_000);
    this.memory = limits(env, 'MEMORY', [85, 95], 100);
    this.disk = limits(env, 'DISK', [85, 95], 100);
  }
}

function limits(env: Environment, of: string, [degraded, unhealthy]: [number, number], max: number): Limits {
  const read = (name: string, fallback: number): number => env.integer(name, fallback, 1, max) / 100;
  const found = {
    degraded: read(`HEALTH_${of}_DEGRADED_PERCENT`, degraded),
    unhealthy: read(`HEALTH_${of}_UNHEALTHY_PERCENT`, unhealthy),
  };
  if (found.degraded > found.unhealthy)
    env.problem(`HEALTH_${of}_DEGRADED_PERCENT: expected at most HEALTH_${of}_UNHEALTHY_PERCENT`);
  return found;
}
