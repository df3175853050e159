import { DomainError } from '../../../errors/domain.error';

/** After so many ms at most, a process that could not be started is tried again. */
export const LONGEST_PAUSE_MS = 5_000;

export const unavailable = (): DomainError =>
  new DomainError('ENGINE_UNAVAILABLE', undefined, { retryAfterSeconds: LONGEST_PAUSE_MS / 1000 });
