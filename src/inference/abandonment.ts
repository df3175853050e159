import type { Response } from 'express';
import { DomainError } from '../errors/domain.error';

/** Aborts when the client goes away before it has its answer. */
export function abandonment(response: Response): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    if (!response.writableFinished) controller.abort(new DomainError('REQUEST_ABANDONED'));
  };
  if (response.closed) abort();
  else response.once('close', abort);
  return controller.signal;
}
