import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Components } from '../components/components.service';
import { Draining } from '../components/draining';

/** The required components as terminus indicators: degraded still takes requests. */
@Injectable()
export class ProbeIndicator {
  private started = false;

  constructor(
    private readonly components: Components,
    private readonly draining: Draining,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** At once down when the replica begins to stop. */
  async ready(): Promise<HealthIndicatorResult> {
    return this.draining.signal.aborted ? this.indicators.check('draining').down() : this.required();
  }

  private async required(): Promise<HealthIndicatorResult> {
    const components = Object.entries(await this.components.required());
    const results = components.map(([name, { status }]) => {
      const indicator = this.indicators.check(name);
      return status === 'unhealthy' ? indicator.down() : indicator.up();
    });
    return Object.assign({}, ...results) as HealthIndicatorResult;
  }

  /** Up for good once everything required was: what breaks later is not for the start-up probe to tell. */
  async startup(): Promise<HealthIndicatorResult> {
    if (this.started) return this.indicators.check('startup').up();
    const required = await this.required();
    this.started = Object.values(required).every(({ status }) => status === 'up');
    return required;
  }
}
