import { type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module';
import { AuditInterceptor } from './audit/audit.interceptor';
import { JwtGuard } from './auth/access/jwt.guard';
import { RolesGuard } from './auth/access/roles.guard';
import { RateLimitGuard } from './auth/limits/rate-limit.guard';
import { Draining } from './components/draining';
import type { Configuration } from './config/configuration';
import type { DatabaseUrls } from './database/database-urls';
import { BodyInterceptor } from './http/body.interceptor';
import { serveDocs } from './http/docs';
import { setUpEdge } from './http/edge/edge';
import { ExpressServer } from './http/edge/express-server';
import { ProblemDetailsFilter } from './http/problem-details.filter';
import { ValidationPipe } from './http/validation';

/** The application as it is served and as it is tested; it does not listen yet. */
export async function createApp(
  configuration: Configuration,
  databaseUrls: DatabaseUrls,
  logger: LoggerService | false,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(configuration, databaseUrls),
    new ExpressServer(),
    {
      bodyParser: false, // bodies are read by the BodyInterceptor, once the caller is known
      abortOnError: false,
      logger,
    },
  );
  setUpEdge(app, configuration.http, {
    inferences: configuration.engine.queueLimit,
    draining: app.get(Draining).signal,
  });
  app.useGlobalFilters(new ProblemDetailsFilter());
  app.useGlobalGuards(app.get(JwtGuard), app.get(RateLimitGuard), app.get(RolesGuard));
  app.useGlobalInterceptors(app.get(AuditInterceptor), app.get(BodyInterceptor));
  app.useGlobalPipes(new ValidationPipe());
  if (configuration.http.docs) serveDocs(app);
  return app;
}
