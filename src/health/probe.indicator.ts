import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { HealthReport } from './health-report.service';

/** The required components as terminus indicators: degraded still takes requests. */
@Injectable()
export class ProbeIndicator {
  constructor(
    private readonly report: HealthReport,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async required(): Promise<HealthIndicatorResult> {
    const components = Object.entries(await this.report.required());
    const results = components.map(([name, { status }]) => {
      const indicator = this.indicators.check(name);
      return status === 'unhealthy' ? indicator.down() : indicator.up();
    });
    return Object.assign({}, ...results) as HealthIndicatorResult;
  }
}
