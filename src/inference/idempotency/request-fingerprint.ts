import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import canonicalize from 'canonicalize';
import type { Request } from 'express';
import { mediaType } from '../../http/body';
import { prefersAsync } from '../batches/request/batch-input';

/** Hashed without a pause: about a millisecond. */
const SLICE_BYTES = 1024 ** 2;

interface UploadedFile {
  /** None: larger than a file may be. */
  readonly buffer?: Buffer;
}
type ParsedRequest = Request & { readonly file?: UploadedFile; readonly files?: readonly UploadedFile[] };

/**
 * SHA-256 of the key and of all that the answer depends on: how the body is to be read, query, and body. Of a multipart
 * body, fields and files: its boundary is another each time. The key, which is stored nowhere, keeps a fingerprint from
 * being tried out. To be called before the body is taken.
 */
export async function fingerprintOf(request: ParsedRequest, key: string): Promise<Buffer> {
  const { query, body, file, files = file ? [file] : [] } = request;
  const [fields, bodies] = Buffer.isBuffer(body) ? [null, [body]] : [body, files.map(({ buffer }) => buffer)];
  const form = [key, mediaType(request), prefersAsync(request), query, fields];
  const lengths = bodies.map((bytes) => bytes?.length ?? null);
  const hash = createHash('sha256').update(canonicalize([...form, lengths])!);
  for (const bytes of bodies.filter((bytes) => bytes !== undefined)) {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      if (at > 0) await nextTurn();
      hash.update(bytes.subarray(at, at + SLICE_BYTES));
    }
  }
  return hash.digest();
}
