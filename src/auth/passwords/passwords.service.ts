import { availableParallelism } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { SecretsConfig } from '../../config/secrets.config';
import { DomainError } from '../../errors/domain.error';
import { malformedHashes } from '../auth.metrics';
import { BoundedQueue } from './bounded-queue';
import { createHashOf, isOutdated, matchesHash, type Pepper, pepperOf } from './password-hash';

/** The stored hash of an account that cannot log in by password: it waits for its reset, or has keys instead. */
export const UNUSABLE_PASSWORD = '!';

/** One core and one of libuv's four threads stay free, so that a flood of logins starves neither requests nor files. */
const CONCURRENCY = Math.max(1, Math.min(3, availableParallelism() - 1));
/** About five seconds of work. */
const CAPACITY = 200;

@Injectable()
export class Passwords {
  private readonly logger = new Logger('Passwords');
  private readonly queue = new BoundedQueue(CONCURRENCY, CAPACITY);
  /** The first makes new hashes; all verify. */
  private readonly peppers: readonly Pepper[];
  private readonly nobody: Promise<string>;

  constructor(secrets: SecretsConfig) {
    this.peppers = secrets.passwordPeppers.map(pepperOf);
    this.nobody = createHashOf('a password that no account has', this.peppers[0]);
  }

  hash(password: string): Promise<string> {
    return this.queue.run(() => createHashOf(password, this.peppers[0]));
  }

  /**
   * @param stored undefined for an account that there is not: takes as long as a real verification, so that unknown
   *   and locked accounts cannot be told by time
   * @param userId for the log, should the stored hash turn out to be damaged
   */
  async verify(stored: string | undefined, password: string, userId?: string): Promise<boolean> {
    if (stored === undefined || stored === UNUSABLE_PASSWORD) return this.verifyNobody(password);
    try {
      return await this.queue.run(() => matchesHash(stored, password, this.peppers));
    } catch (error) {
      if (error instanceof DomainError) throw error;
      malformedHashes.inc();
      this.logger.error({ event: 'password.hash_unreadable', user_id: userId });
      return this.verifyNobody(password);
    }
  }

  isOutdated(stored: string): boolean {
    return isOutdated(stored, this.peppers[0]);
  }

  private async verifyNobody(password: string): Promise<false> {
    const nobody = await this.nobody;
    await this.queue.run(() => matchesHash(nobody, password, this.peppers));
    return false;
  }
}
