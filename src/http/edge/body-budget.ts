import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { DomainError } from '../../errors/domain.error';
import { bodyBytes } from '../http.metrics';

const RETRY_AFTER_SECONDS = 2;

const charges = new WeakMap<IncomingMessage, (bytes: number) => void>();

/**
 * Express middleware: the bodies of all requests under way may take `limit` bytes of memory together. What a request
 * has taken is free again when its answer is done.
 */
export function bodyBudget(limit: number): RequestHandler {
  let free = limit;
  return (request, response, next) => {
    let taken = 0;
    let closed = false;
    charges.set(request, (bytes) => {
      if (closed || bytes > free) throw busy();
      taken += bytes;
      free -= bytes;
      bodyBytes.inc(bytes);
    });
    response.once('close', () => {
      closed = true;
      free += taken;
      bodyBytes.dec(taken);
    });
    next();
  };
}

/**
 * Before so many bytes of the body are kept.
 * @throws DomainError SERVER_BUSY when they would be too many
 */
export function chargeBody(request: IncomingMessage, bytes: number): void {
  charges.get(request)?.(bytes);
}

const busy = (): DomainError =>
  new DomainError('SERVER_BUSY', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
