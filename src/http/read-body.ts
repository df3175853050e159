import type { IncomingMessage } from 'node:http';
import { DomainError } from '../errors/domain.error';
import { chargeBody } from './edge/body-budget';

const FIRST_BYTES = 64 * 1024;

/**
 * The whole body, in memory of its own. Content-Length is believed no further than `limit`, and a body that
 * announces its length is written to its place at once, without a list of chunks and a copy of them.
 * What follows after a refusal is received and dropped, so that the client can read why.
 * @throws DomainError SERVER_BUSY, REQUEST_TOO_LARGE, REQUEST_BODY_INCOMPLETE, REQUEST_MEDIA_TYPE_UNSUPPORTED (Content-Encoding)
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new DomainError('REQUEST_MEDIA_TYPE_UNSUPPORTED', 'The request has a Content-Encoding');
  }
  const announced = request.headers['content-length'];
  const size = announced === undefined ? Math.min(FIRST_BYTES, limit) : Number(announced);
  if (size > limit) throw tooLarge(limit);
  chargeBody(request, size);

  let bytes: Buffer = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: DomainError): void => {
      request.off('data', take).off('end', end).off('close', abort).off('error', abort);
      if (error === undefined) return resolve();
      request.resume();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      const needed = filled + chunk.length;
      if (needed > limit) return settle(tooLarge(limit));
      if (needed > bytes.length) {
        const size = Math.min(Math.max(needed, 2 * filled), limit);
        try {
          chargeBody(request, size - bytes.length);
        } catch (error) {
          return settle(error as DomainError);
        }
        bytes = grown(bytes.subarray(0, filled), size);
      }
      bytes.set(chunk, filled);
      filled = needed;
    };
    const end = (): void => settle();
    const abort = (): void => settle(new DomainError('REQUEST_BODY_INCOMPLETE'));
    request.on('data', take).once('end', end).once('close', abort).once('error', abort);
    if (request.destroyed) abort();
  });
  return bytes.subarray(0, filled);
}

function grown(bytes: Buffer, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size);
  larger.set(bytes);
  return larger;
}

const tooLarge = (limit: number): DomainError =>
  new DomainError('REQUEST_TOO_LARGE', `The limit is ${limit} bytes`);
