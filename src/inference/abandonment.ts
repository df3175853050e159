import type { Response } from 'express';
import { DomainError } from '../errors/domain.error';

/** Aborts when the client goes away before it has its answer. */
export function abandonment(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new DomainError('REQUEST_ABANDONED'));
  });
  return controller.signal;
}
