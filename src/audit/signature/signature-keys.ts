import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CheckpointKeys } from '../checkpoint/checkpoint-keys';

/** SHA-256, hex, of the public key (SPKI, DER). @param key either half of the pair */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/**
 * Public keys under which signatures of this installation verify: the ones it is configured with, and those that led to
 * them, which the entries about changes of keys name. An approval stays valid when its key has left the configuration.
 */
@Injectable()
export class SignatureKeys {
  private readonly known = new Map<string, KeyObject>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: CheckpointKeys,
  ) {
    this.add(keys.configured);
  }

  /** A key that is not known may have been handed over to by another replica meanwhile: the trail is asked again. */
  async find(keyId: string): Promise<KeyObject | undefined> {
    if (!this.known.has(keyId)) this.add((await this.keys.history(this.dataSource.manager)).all);
    return this.known.get(keyId);
  }

  private add(keys: CheckpointKeys['configured']): void {
    for (const { publicKey } of keys) this.known.set(keyIdOf(publicKey), publicKey);
  }
}
