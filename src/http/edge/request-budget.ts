import type { RequestHandler } from 'express';
import { DomainError } from '../../errors/domain.error';

const RETRY_AFTER_SECONDS = 2;

/**
 * Express middleware: so many POST requests may be under way together. What comes beyond them is refused before it costs
 * anything, so that a server which cannot keep up goes on with what it has begun.
 */
export function requestBudget(limit: number): RequestHandler {
  let underWay = 0;
  return (request, response, next) => {
    if (request.method !== 'POST') return next();
    if (underWay >= limit)
      return next(new DomainError('SERVER_BUSY', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    underWay++;
    response.once('close', () => underWay--);
    next();
  };
}
