export const NDJSON = 'application/x-ndjson';

/** A stream that fails midway must not end like one that is complete: the connection is closed instead. */
export function cutOff(_error: Error, response: { destroy?: () => void }): void {
  response.destroy?.();
}
