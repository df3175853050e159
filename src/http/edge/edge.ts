import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { HttpConfig } from '../../config/http.config';
import { accessLog } from '../access-log';
import { bodyDeadline } from '../body';
import { requestContext } from '../request-context';
import { bodyBudget } from './body-budget';
import { requestBudget } from './request-budget';
import { secureTransport } from './secure-transport';
import { traceRequest } from './trace-request';
import { watchUnusedConnections } from './unused-connections';

/** Whether pages are fetched over HTTPS is for the proxy to decide: without one the documentation is plain HTTP. */
const SECURITY_HEADERS = { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } };
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than proxies keep a connection (nginx and AWS 60 s): a server that ends it first loses the next request. */
const KEEP_ALIVE_MS = 75_000;
/** Of a body, those that take their time on purpose aside: these the server as a whole bounds. */
const BODY_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 3_600_000;
const CORS_MAX_AGE_SECONDS = 600;
/** Requests to /infer that have not come to the engine's queue yet, or are being stored. */
const ON_THEIR_WAY = 128;

/**
 * What stands between the network and the routes.
 * @param inferences that may wait for the engine
 * @param draining aborts when the replica begins to stop
 */
export function setUpEdge(
  app: NestExpressApplication,
  config: HttpConfig,
  { inferences, draining }: { readonly inferences: number; readonly draining: AbortSignal },
): void {
  app.set('etag', false);
  app.set('trust proxy', config.trustedProxyHops);
  app.disable('x-powered-by');
  app.use(
    bodyDeadline(BODY_TIMEOUT_MS),
    bodyBudget(config.bodyMemoryBytes),
    traceRequest,
    requestContext,
    accessLog,
    helmet(SECURITY_HEADERS),
    noStore,
    closing(draining),
    secureTransport(config),
  );
  app.use('/infer', requestBudget(inferences + ON_THEIR_WAY));
  if (config.corsOrigins.length > 0)
    app.enableCors({
      origin: [...config.corsOrigins],
      exposedHeaders: ['X-Request-Id', 'Retry-After', 'Location'],
      maxAge: CORS_MAX_AGE_SECONDS,
    });

  const server = app.getHttpServer();
  server.maxConnections = config.maxConnections;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  watchUnusedConnections(server);
}

/** While the replica stops: no answer leaves a connection on which the next request could meet a closed door. */
const closing =
  (draining: AbortSignal): RequestHandler =>
  (_request, response, next) => {
    if (draining.aborted) response.setHeader('Connection', 'close');
    next();
  };

/** Answers speak of patients and accounts: no cache may keep them. */
const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};
