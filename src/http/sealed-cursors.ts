import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../errors/domain.error';

const KEY_BYTES = 32;
const MAC_BYTES = 16;

/**
 * Where a list goes on, sealed so that a caller can neither make it up nor use it for another list, with other filters or
 * with another's account: `context` says what a cursor is good for. Its position is readable by whoever holds it.
 */
export class SealedCursors {
  private readonly key: Buffer;

  /** @param list what it is a list of */
  constructor(secret: Buffer, list: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', `medai-flow ${list} cursor v1`, KEY_BYTES));
  }

  seal(context: string, position: string): string {
    return Buffer.concat([this.macOf(context, position), Buffer.from(position)]).toString('base64url');
  }

  /** @throws DomainError VALIDATION_FAILED for a cursor that was not sealed for this context */
  open(context: string, cursor: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    const mac = bytes.subarray(0, MAC_BYTES);
    const position = bytes.subarray(MAC_BYTES).toString();
    if (mac.length < MAC_BYTES || !timingSafeEqual(mac, this.macOf(context, position))) {
      const message = 'must be the next_cursor of a page of yours with the same filters';
      throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field: 'cursor', message }] });
    }
    return position;
  }

  private macOf(context: string, position: string): Buffer {
    const mac = createHmac('sha256', this.key).update(`${context.length}:${context}`).update(position);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
