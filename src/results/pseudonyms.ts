import { createHmac, createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SecretsConfig } from '../config/secrets.config';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const KEPT_BYTES = 20;

/**
 * Keyed pseudonyms of patient identifiers: `kid:base32(HMAC-SHA-256(key, "pid" | NFKC(trim(id))))`, 160 bits.
 * Still personal data (GDPR: pseudonymised; HIPAA: derived from an identifier), never anonymous.
 */
@Injectable()
export class Pseudonyms {
  private readonly kid: string;

  constructor(private readonly secrets: SecretsConfig) {
    this.kid = base32(
      createHash('sha256').update('kid').update(secrets.pseudonymKey).digest().subarray(0, 5),
    );
  }

  /** Under every key that stored rows may have. */
  allOf(patientId: string): string[] {
    return [this.of(patientId)];
  }

  of(patientId: string): string {
    const mac = createHmac('sha256', this.secrets.pseudonymKey)
      .update('pid|')
      .update(patientId.trim().normalize('NFKC'));
    return `${this.kid}:${base32(mac.digest().subarray(0, KEPT_BYTES))}`;
  }
}

/** RFC 4648 section 6, lower case; the length is a multiple of 5 bytes, so there is no padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 5) {
    let group = 0n;
    for (const byte of bytes.subarray(start, start + 5)) group = (group << 8n) | BigInt(byte);
    for (let shift = 35n; shift >= 0n; shift -= 5n) text += BASE32[Number((group >> shift) & 31n)];
  }
  return text;
}
