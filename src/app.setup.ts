import { type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { AppModule } from './app.module';
import { AuditInterceptor } from './audit/audit.interceptor';
import { JwtGuard } from './auth/access/jwt.guard';
import { RolesGuard } from './auth/access/roles.guard';
import { RateLimitGuard } from './auth/limits/rate-limit.guard';
import type { Configuration } from './config/configuration';
import type { DatabaseUrls } from './database/database-urls';
import { accessLog } from './http/access-log';
import { bodyDeadline } from './http/body';
import { BodyInterceptor } from './http/body.interceptor';
import { serveDocs } from './http/docs';
import { ProblemDetailsFilter } from './http/problem-details.filter';
import { requestContext } from './http/request-context';
import { ValidationPipe } from './http/validation';

/** Whether pages are fetched over HTTPS is for the proxy to decide: without one the documentation is plain HTTP. */
const SECURITY_HEADERS = { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } };
const HEADERS_TIMEOUT_MS = 10_000;
/** Of a body, those that take their time on purpose aside: these the server as a whole bounds. */
const BODY_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 3_600_000;

/** The application as it is served and as it is tested; it does not listen yet. */
export async function createApp(
  configuration: Configuration,
  databaseUrls: DatabaseUrls,
  logger: LoggerService | false,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(configuration, databaseUrls),
    {
      bodyParser: false, // bodies are read by the BodyInterceptor, once the caller is known
      abortOnError: false,
      logger,
    },
  );
  app.set('etag', false);
  app.set('trust proxy', configuration.http.trustedProxyHops);
  app.disable('x-powered-by');
  app.use(bodyDeadline(BODY_TIMEOUT_MS), requestContext, accessLog, helmet(SECURITY_HEADERS), noStore);
  app.useGlobalFilters(new ProblemDetailsFilter());
  app.useGlobalGuards(app.get(JwtGuard), app.get(RateLimitGuard), app.get(RolesGuard));
  app.useGlobalInterceptors(app.get(AuditInterceptor), app.get(BodyInterceptor));
  app.useGlobalPipes(new ValidationPipe());
  if (configuration.http.docs) serveDocs(app);

  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return app;
}

/** Answers speak of patients and accounts: no cache may keep them. */
function noStore(_request: unknown, response: import('express').Response, next: () => void): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}
