import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { InferenceModule } from '../inference/inference.module';
import { DependencyHealth } from './dependency-health.service';
import { HealthController } from './health.controller';
import { healthReportController } from './health-report.controller';
import { HealthReport } from './health-report.service';
import { ProbeIndicator } from './probe.indicator';

@Module({})
export class HealthModule {
  static forRoot(options: { readonly reportIsPublic: boolean }): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), InferenceModule],
      controllers: [HealthController, healthReportController(options.reportIsPublic)],
      providers: [DependencyHealth, HealthReport, ProbeIndicator],
    };
  }
}
