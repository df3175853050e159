import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../config/runtime.config';
import { type ComponentHealth, overall } from './component-health';
import { DependencyHealth } from './dependency-health.service';
import type { HealthReportResponse } from './health.response';
import { systemHealth } from './system-health';

const CHECK_TIMEOUT_MS = 2_000;

@Injectable()
export class HealthReport {
  constructor(
    private readonly dependencies: DependencyHealth,
    private readonly config: RuntimeConfig,
  ) {}

  async full(): Promise<HealthReportResponse> {
    const components = {
      ...(await this.required()),
      redis: await bounded(this.dependencies.redis()),
      system: await bounded(systemHealth(this.config.dataDir)),
    };
    return {
      status: overall(Object.values(components)),
      timestamp: new Date().toISOString(),
      uptime_seconds: Math.round(process.uptime()),
      components,
    };
  }

  /** What must work for this replica to take requests. */
  async required(): Promise<Record<'database' | 'audit' | 'engine', ComponentHealth>> {
    const [database, audit, engine] = await Promise.all([
      bounded(this.dependencies.database()),
      bounded(this.dependencies.audit()),
      bounded(this.dependencies.engine()),
    ]);
    return { database, audit, engine };
  }
}

/** A check that fails or hangs says unhealthy, and never keeps a probe waiting. */
async function bounded(check: Promise<ComponentHealth>): Promise<ComponentHealth> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<ComponentHealth>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'unhealthy', reason: 'timeout' }), CHECK_TIMEOUT_MS);
  });
  const checked = check.catch((): ComponentHealth => ({ status: 'unhealthy', reason: 'error' }));
  return Promise.race([checked, timeout]).finally(() => clearTimeout(timer));
}
