import type { ComponentHealth } from './component-health';

const KEPT_MS = 1_000;
const TIMEOUT_MS = 2_000;

/**
 * One component's check. What it said is kept for a second and a check that still runs is not started again, so that
 * any number of probes costs a dependency one question a second; one that fails or hangs says unhealthy.
 */
export class ComponentCheck {
  private kept?: { readonly until: number; readonly health: ComponentHealth };
  private running?: { readonly since: number; readonly health: Promise<ComponentHealth> };

  constructor(private readonly ask: () => ComponentHealth | Promise<ComponentHealth>) {}

  async health(): Promise<ComponentHealth> {
    if (this.kept !== undefined && performance.now() < this.kept.until) return this.kept.health;
    const since = performance.now();
    this.running ??= { since, health: this.run(since) };
    return this.inTime(this.running);
  }

  private async run(since: number): Promise<ComponentHealth> {
    const asked = new Promise<ComponentHealth>((resolve) => resolve(this.ask()));
    const told = await asked.catch((): ComponentHealth => ({ status: 'unhealthy', reason: 'error' }));
    const now = performance.now();
    const health = { ...told, response_ms: Math.round(10 * (now - since)) / 10 };
    this.kept = { until: now + KEPT_MS, health };
    this.running = undefined;
    return health;
  }

  private async inTime({ since, health }: NonNullable<typeof this.running>): Promise<ComponentHealth> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ComponentHealth>((resolve) => {
      const left = Math.max(0, since + TIMEOUT_MS - performance.now());
      timer = setTimeout(() => resolve({ status: 'unhealthy', reason: 'timeout' }), left);
    });
    return Promise.race([health, late]).finally(() => clearTimeout(timer));
  }
}
