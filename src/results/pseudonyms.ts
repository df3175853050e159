import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SecretsConfig } from '../config/secrets.config';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const KEPT_BYTES = 20;

/** A key in its place: its id depends on the keys before it too, so that no two orders of keys are taken for one. */
export interface PseudonymKey {
  /** SHA-256, base64url. */
  readonly id: string;
  /** The first five bytes of it, as pseudonyms begin with it. */
  readonly kid: string;
  readonly key: Buffer;
}

/**
 * Keyed pseudonyms of patient identifiers, 160 bits: `kid:base32(HMAC-SHA-256(key, "pid|" + NFKC(trim(id))))` under the
 * first key there was, and under each later one `kid:base32(HMAC-SHA-256(key, "rekey|" + pseudonym before))`. So a stored
 * one is brought under a new key without the identifier, which nobody has, and a patient has one pseudonym a key.
 * Still personal data (GDPR: pseudonymised; HIPAA: derived from an identifier), never anonymous.
 */
@Injectable()
export class Pseudonyms {
  /** Oldest first. */
  private readonly keys: readonly PseudonymKey[];

  constructor({ pseudonymKey, previousPseudonymKeys }: SecretsConfig) {
    const keys: PseudonymKey[] = [];
    let before = Buffer.alloc(0);
    for (const key of [...previousPseudonymKeys.toReversed(), pseudonymKey]) {
      before = createHash('sha256').update('kid').update(key).update(before).digest();
      keys.push({ id: before.toString('base64url'), kid: base32(before.subarray(0, 5)), key });
    }
    this.keys = keys;
  }

  get currentKey(): PseudonymKey {
    return this.keys.at(-1)!;
  }

  /** Oldest first. */
  get previousKeys(): readonly PseudonymKey[] {
    return this.keys.slice(0, -1);
  }

  /** Under every key that stored rows may have, the oldest first. */
  allOf(patientId: string): string[] {
    const [first, ...later] = this.keys;
    const pseudonyms = [pseudonym(first!, `pid|${patientId.trim().normalize('NFKC')}`)];
    for (const key of later) pseudonyms.push(pseudonym(key, `rekey|${pseudonyms.at(-1)}`));
    return pseudonyms;
  }

  of(patientId: string): string {
    return this.allOf(patientId).at(-1)!;
  }

  /** @param stored under `key` @returns the same patient's under the current key */
  renewed(stored: string, key: PseudonymKey): string {
    const later = this.keys.slice(this.keys.indexOf(key) + 1);
    return later.reduce((before, next) => pseudonym(next, `rekey|${before}`), stored);
  }
}

function pseudonym({ kid, key }: PseudonymKey, text: string): string {
  const mac = createHmac('sha256', key).update(text).digest();
  return `${kid}:${base32(mac.subarray(0, KEPT_BYTES))}`;
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
