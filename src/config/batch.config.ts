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
   * AES-256 key of the images that wait in the database. Derived from the pseudonym key (HKDF-SHA-256, RFC 5869), which
   * every replica has anyway, is long-lived and already protects patients: the two uses stay independent of each other, and
   * there is no further secret to lose while images wait, usually for minutes.
   */
  readonly imageKey: Buffer;

  constructor(env: Environment, { processes }: EngineConfig, { pseudonymKey }: SecretsConfig) {
    this.workers = env.integer('BATCH_WORKERS', 2 * processes, 0, 256);
    this.leaseSeconds = env.integer('BATCH_LEASE_SECONDS', 30, 2, 600);
    this.imageKey = Buffer.from(
      hkdfSync('sha256', pseudonymKey, '', 'medai-flow batch images v1', KEY_BYTES),
    );
  }
}
