import type { NextFunction, Request, Response } from 'express';
import { requestSpan } from '../../tracing/tracing';
import { routePattern } from '../access-log';

/** Express middleware: the span of a request, in the trace that its sender began. The answer names it: `traceparent`. */
export function traceRequest(request: Request, response: Response, next: NextFunction): void {
  const span = requestSpan(request.method, request.headers);
  if (span === undefined) return next();
  if (span.traceparent !== undefined) response.setHeader('traceparent', span.traceparent);
  response.once('close', () => {
    const route = routePattern(request);
    const status = response.statusCode;
    const attributes = {
      'http.request.method': request.method,
      'http.route': route,
      'http.response.status_code': status,
    };
    span.end(route, attributes, status >= 500);
  });
  span.run(next);
}
