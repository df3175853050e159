import { createHash, type Hash } from 'node:crypto';
import type { Request } from 'express';
import { DomainError } from '../../errors/domain.error';
import { expectedDigests } from './digest-field';

interface Check {
  readonly hash: Hash;
  readonly expected: Buffer;
}

const watched = new WeakMap<Request, Check[]>();
const verified = new WeakSet<Request>();

/**
 * Digests the body as it comes in, when its sender named a digest (RFC 9530 `Content-Digest`). To be called before
 * anything reads the body; a reader that does not start at once finds the request paused when `later` is set.
 * @throws DomainError REQUEST_DIGEST_MALFORMED
 */
export function watchContentDigest(request: Request, { later = false } = {}): void {
  const field = request.get('content-digest');
  if (field === undefined) return;
  const checks = expectedDigests(field).map(({ algorithm, value }) => ({
    hash: createHash(algorithm),
    expected: value,
  }));
  watched.set(request, checks);
  if (checks.length === 0) return;
  if (later) request.pause();
  request.on('data', (chunk: Buffer) => checks.forEach(({ hash }) => hash.update(chunk)));
}

/**
 * Whether the whole body, which must have been read, was checked against a digest of its sender; false when none came
 * that is known here.
 * @throws DomainError REQUEST_DIGEST_MISMATCH
 */
export function contentDigestVerified(request: Request): boolean {
  const checks = watched.get(request) ?? [];
  watched.delete(request);
  if (!checks.every(({ hash, expected }) => hash.digest().equals(expected)))
    throw new DomainError('REQUEST_DIGEST_MISMATCH');
  if (checks.length > 0) verified.add(request);
  return verified.has(request);
}
