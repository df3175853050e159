import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller';
import { healthReportController } from './health-report.controller';
import { HealthReport } from './health-report.service';
import { MetricsController } from './metrics.controller';
import { MetricsServer } from './metrics-server.service';
import { ProbeIndicator } from './probe.indicator';
import { StorageIndicator } from './storage.indicator';
import { SystemIndicator } from './system.indicator';

interface HealthOptions {
  readonly reportIsPublic: boolean;
  readonly metricsOnMainPort: boolean;
}

@Module({})
export class HealthModule {
  static forRoot({ reportIsPublic, metricsOnMainPort }: HealthOptions): DynamicModule {
    const metrics = metricsOnMainPort ? [MetricsController] : [];
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, healthReportController(reportIsPublic), ...metrics],
      providers: [HealthReport, MetricsServer, ProbeIndicator, StorageIndicator, SystemIndicator],
    };
  }
}
