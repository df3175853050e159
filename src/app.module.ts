import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from './audit/audit.module';
import { AuthModule } from './auth/auth.module';
import { ComponentsModule } from './components/components.module';
import { ConfigModule } from './config/config.module';
import type { Configuration } from './config/configuration';
import { DatabaseModule } from './database/database.module';
import type { DatabaseUrls } from './database/database-urls';
import { ENTITIES } from './entities';
import { HealthModule } from './health/health.module';
import { BodyInterceptor } from './http/body.interceptor';
import { InferenceModule } from './inference/inference.module';
import { ModelsModule } from './models/models.module';
import { RedisModule } from './redis/redis.module';
import { ResultsModule } from './results/results.module';

@Module({})
export class AppModule {
  /** @param databaseUrls of the configured or the embedded server */
  static forRoot(configuration: Configuration, databaseUrls: DatabaseUrls): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(configuration),
        ComponentsModule,
        DatabaseModule.forRoot(configuration.database, databaseUrls, ENTITIES),
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
