import { hkdfSync } from 'node:crypto';
import type { EngineConfig } from './engine.config';
import type { Environment } from './environment';
import type { SecretsConfig } from './secrets.config';

const KEY_BYTES = 32;

export class BatchConfig {
  /** Images of batches that are answered later which this replica works on at a time; 0: it takes none. */
  readonly workers: number;
  /** A worker that is not heard of for so long has lost its images to others. */
  readonly leaseSeconds: number;
  /**
   * AES-256 keys of the images that wait in the database; the first seals, all of them open. Derived from the pseudonym
   * keys (HKDF-SHA-256, RFC 5869), which every replica has anyway, are long-lived and already protect patients: the two
   * uses stay independent of each other, and there is no further secret to lose while images wait, usually for minutes.
   */
  readonly imageKeys: readonly [Buffer, ...Buffer[]];

  constructor(env: Environment, { processes }: EngineConfig, secrets: SecretsConfig) {
    this.workers = env.integer('BATCH_WORKERS', 2 * processes, 0, 256);
    this.leaseSeconds = env.integer('BATCH_LEASE_SECONDS', 30, 2, 600);
    const { pseudonymKey, previousPseudonymKeys } = secrets;
    this.imageKeys = [imageKey(pseudonymKey), ...previousPseudonymKeys.map(imageKey)];
  }
}

const imageKey = (pseudonymKey: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', pseudonymKey, '', 'medai-flow batch images v1', KEY_BYTES));
