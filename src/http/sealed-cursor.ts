import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../errors/domain.error';

const MAC_BYTES = 16;

/**
 * Where a list goes on, sealed so that a caller can neither make one up nor use it with other filters or another's
 * account. `context` says what it is good for; `position` is readable by whoever holds the cursor.
 */
export function sealCursor(key: Buffer, context: string, position: string): string {
  return Buffer.concat([macOf(key, context, position), Buffer.from(position)]).toString('base64url');
}

/** @throws DomainError VALIDATION_FAILED for a cursor that was not sealed for this context */
export function openCursor(key: Buffer, context: string, cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const mac = bytes.subarray(0, MAC_BYTES);
  const position = bytes.subarray(MAC_BYTES).toString();
  if (mac.length < MAC_BYTES || !timingSafeEqual(mac, macOf(key, context, position))) {
    const message = 'must be the next_cursor of a page of yours with the same filters';
    throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field: 'cursor', message }] });
  }
  return position;
}

function macOf(key: Buffer, context: string, position: string): Buffer {
  const mac = createHmac('sha256', key).update(`${context.length}:${context}`).update(position);
  return mac.digest().subarray(0, MAC_BYTES);
}
