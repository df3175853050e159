import { Injectable } from '@nestjs/common';
import { overall } from '../components/component-health';
import { Components } from '../components/components.service';
import type { HealthReportResponse } from './health.response';

@Injectable()
export class HealthReport {
  constructor(private readonly components: Components) {}

  async full(): Promise<HealthReportResponse> {
    const components = await this.components.all();
    return {
      status: overall(Object.values(components)),
      timestamp: new Date().toISOString(),
      uptime_seconds: Math.round(process.uptime()),
      components,
    };
  }
}
