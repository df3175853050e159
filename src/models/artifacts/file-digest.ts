import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DomainError } from '../../errors/domain.error';

/** SHA-256, hex, of what comes from the stream. */
export async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** SHA-256, hex; undefined: there is no such file. */
export async function fileDigest(path: string): Promise<string | undefined> {
  try {
    return await digestOf(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw storeUnavailable(error);
  }
}

export const storeUnavailable = (cause: unknown): DomainError =>
  cause instanceof DomainError
    ? cause
    : new DomainError('MODEL_STORE_UNAVAILABLE', undefined, { cause, retryAfterSeconds: 30 });
