import { Logger } from '@nestjs/common';
import type { NextFunction, Response } from 'express';
import type { AuthenticatedRequest } from './principal';

const logger = new Logger('Access');

/** One line a request when its answer is done: the route's pattern, never the path or query that was sent. */
export function accessLog(request: AuthenticatedRequest, response: Response, next: NextFunction): void {
  const startedAt = performance.now();
  response.once('close', () => {
    const route: unknown = (request.route as { path?: unknown } | undefined)?.path;
    logger.log({
      event: response.writableFinished ? 'http.answered' : 'http.aborted',
      method: request.method,
      route: typeof route === 'string' ? route : '(none)',
      status: response.statusCode,
      duration_ms: Math.round((performance.now() - startedAt) * 100) / 100,
      user_id: request.user?.userId,
    });
  });
  next();
}
