import type { DomainError } from '../../../errors/domain.error';

interface Watched {
  /** In ms of `performance.now()`. */
  readonly expiresAt: number;
  readonly signal?: AbortSignal;
}

/** Calls `leave` when the item is `late` or taken back, until the returned function is called. */
export function watch(
  { expiresAt, signal }: Watched,
  leave: (reason: unknown) => void,
  late: () => DomainError,
): () => void {
  const timer = setTimeout(() => leave(late()), Math.max(expiresAt - performance.now(), 0));
  const takenBack = (): void => leave(signal?.reason);
  signal?.addEventListener('abort', takenBack);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', takenBack);
  };
}
