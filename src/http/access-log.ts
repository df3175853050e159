import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { requestDuration } from './http.metrics';
import type { AuthenticatedRequest } from './principal';

const logger = new Logger('Access');

/** What nginx made the usual one for a client that has gone: nothing was answered. */
const CLIENT_CLOSED_REQUEST = 499;

/** One line and one measurement a request when its answer is done: the route's pattern, never the path or query sent. */
export function accessLog(request: AuthenticatedRequest, response: Response, next: NextFunction): void {
  const startedAt = performance.now();
  const scope = new AsyncResource('AccessLog'); // a connection that breaks is outside of every request
  const answered = (): void => {
    const durationMs = performance.now() - startedAt;
    const route = routePattern(request);
    const { method } = request;
    const status = response.headersSent ? response.statusCode : CLIENT_CLOSED_REQUEST;
    requestDuration.observe(
      { method: route === '(none)' ? 'any' : method, route, status },
      durationMs / 1000,
    );
    logger.log({
      event: response.writableFinished ? 'http.answered' : 'http.aborted',
      method,
      route,
      status,
      duration_ms: Math.round(durationMs * 100) / 100,
      user_id: request.user?.userId,
    });
  };
  response.once('close', () => scope.runInAsyncScope(answered));
  next();
}

/** As the router has it; never the path that was sent. */
export function routePattern(request: Request): string {
  const pattern: unknown = (request.route as { path?: unknown } | undefined)?.path;
  return typeof pattern === 'string' ? pattern : '(none)';
}
