import type { ComponentHealth } from '../components/component-health';
import type { Limits } from '../config/health.config';

export function judged(used: number, { degraded, unhealthy }: Limits): ComponentHealth {
  const status = used < degraded ? 'healthy' : used < unhealthy ? 'degraded' : 'unhealthy';
  return { status, used: Math.round(used * 1000) / 1000 };
}
