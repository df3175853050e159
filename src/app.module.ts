import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from './audit/audit.module';
import { AuthModule } from './auth/auth.module';
import { ConfigModule } from './config/config.module';
import type { Configuration } from './config/configuration';
import { dataSourceOptions } from './database/data-source-options';
import { DatabaseModule } from './database/database.module';
import { ENTITIES } from './entities';
import { HealthModule } from './health/health.module';
import { BodyInterceptor } from './http/body.interceptor';
import { InferenceModule } from './inference/inference.module';
import { ModelsModule } from './models/models.module';
import { RedisModule } from './redis/redis.module';
import { ResultsModule } from './results/results.module';

@Module({})
export class AppModule {
  /** @param databaseUrl of the configured or the embedded server */
  static forRoot(configuration: Configuration, databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(configuration),
        DatabaseModule.forRoot(dataSourceOptions(configuration.database, databaseUrl, ENTITIES)),
        RedisModule,
        AuditModule,
        AuthModule,
        ModelsModule,
        ResultsModule,
        InferenceModule,
        HealthModule.forRoot({
          reportIsPublic: configuration.http.healthDetailsPublic,
          metricsOnMainPort: configuration.http.metricsPort === undefined,
        }),
      ],
      providers: [BodyInterceptor],
    };
  }
}
