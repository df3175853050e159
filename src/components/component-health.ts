export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface ComponentHealth {
  readonly status: HealthStatus;
  readonly [fact: string]: unknown;
}

const ORDER: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy'];

/** The worst of all. */
export function overall(components: readonly ComponentHealth[]): HealthStatus {
  return ORDER[Math.max(0, ...components.map(({ status }) => ORDER.indexOf(status)))]!;
}
