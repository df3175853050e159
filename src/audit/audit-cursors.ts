import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SecretsConfig } from '../config/secrets.config';
import { DomainError } from '../errors/domain.error';

const SEQ_BYTES = 8;
const MAC_BYTES = 16;

/** Where a list goes on, sealed so that a caller can neither make one up nor use it with other filters. */
@Injectable()
export class AuditCursors {
  private readonly key: Buffer;

  constructor(secrets: SecretsConfig) {
    this.key = Buffer.from(hkdfSync('sha256', secrets.pseudonymKey, '', 'medai-flow audit cursor v1', 32));
  }

  /** @param seq of the last entry that was shown */
  seal(seq: string, filters: string): string {
    const position = Buffer.alloc(SEQ_BYTES);
    position.writeBigUInt64BE(BigInt(seq));
    return Buffer.concat([position, this.mac(position, filters)]).toString('base64url');
  }

  /** @throws DomainError for a cursor that was not sealed with these filters */
  open(cursor: string, filters: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    const position = bytes.subarray(0, SEQ_BYTES);
    const mac = bytes.subarray(SEQ_BYTES);
    if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, this.mac(position, filters))) {
      const message = 'must be the next_cursor of a page with the same filters';
      throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field: 'cursor', message }] });
    }
    return position.readBigUInt64BE().toString();
  }

  private mac(position: Buffer, filters: string): Buffer {
    return createHmac('sha256', this.key).update(position).update(filters).digest().subarray(0, MAC_BYTES);
  }
}
