import { getSystemErrorMap } from 'node:util';

/** A start that cannot go on for a reason the operator can mend. The message says how; a stack would only hide it. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What the system says of a call that failed, such as `permission denied`; its message would quote paths. */
export function systemReason(error: unknown): string {
  const { code, errno = 0 } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno)?.[1] ?? code ?? 'unknown';
}
