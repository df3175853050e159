import type { Readable } from 'node:stream';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { DomainError } from '../../../errors/domain.error';
import { MAX_FILE_BYTES } from '../../inference-input';
import { MAX_BATCH_BYTES, MAX_IMAGES } from './batch-request';

/** Boundaries, headers and fields between the files. */
const MAX_FRAME_BYTES = 1024 ** 2;

interface Upload {
  readonly buffer?: Buffer;
  readonly tooLarge: boolean;
}

type Done = (error: Error | null, upload?: Upload) => void;

/** Refuses a body that announces more than a batch may have before any of it is read. */
@Injectable()
export class BatchSizeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<Request>();
    if (Number(headers['content-length'] ?? 0) > MAX_BATCH_BYTES + MAX_FRAME_BYTES) throw tooLarge();
    return next.handle();
  }
}

const received = new WeakMap<Request, number>();

/** Keeps files in memory, and of one that is too large nothing: it fails alone. */
const storage = {
  _handleFile(request: Request, { stream }: { readonly stream: Readable }, done: Done): void {
    let chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      const total = (received.get(request) ?? 0) + chunk.length;
      received.set(request, total);
      if (total > MAX_BATCH_BYTES) return done(tooLarge());
      if (size <= MAX_FILE_BYTES) chunks.push(chunk);
      else chunks = [];
    });
    stream.once('error', done);
    stream.once('end', () =>
      done(
        null,
        size > MAX_FILE_BYTES ? { tooLarge: true } : { buffer: Buffer.concat(chunks), tooLarge: false },
      ),
    );
  },
  _removeFile(_request: Request, _file: unknown, done: Done): void {
    done(null);
  },
};

/** One file more than there may be, so that one too many is counted rather than cut off. */
export const UPLOAD_OPTIONS = {
  storage,
  limits: { files: MAX_IMAGES + 1, fields: 12, fieldSize: 1024, parts: MAX_IMAGES + 13 },
};
export const MAX_UPLOADS = MAX_IMAGES + 1;

/** The files of the request, for who answers it. */
export function takeUploads(request: Request): readonly Upload[] {
  const carrier = request as Request & { files?: unknown };
  const { files = [] } = carrier;
  carrier.files = undefined;
  return files as Upload[];
}

const tooLarge = (): DomainError =>
  new DomainError('REQUEST_TOO_LARGE', `The limit is ${MAX_BATCH_BYTES} bytes`);
