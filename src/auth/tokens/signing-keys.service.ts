import type { KeyObject } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AccountsConfig } from '../../config/accounts.config';
import { SecretsConfig } from '../../config/secrets.config';
import { type PublicJwk, type SigningKey, signingKey } from './signing-key';
import { keySetStamp, readKeySet, type SigningKeySet } from './signing-key-files';
import { SigningKeyRecords } from './signing-key-records.service';

const WATCH_INTERVAL_MS = 1_000;
/** By how much the clocks of replicas may differ. */
export const CLOCK_SKEW_SECONDS = 30;

/** The keys of this installation's access tokens. Rotated files are taken up without a restart. */
@Injectable()
export class SigningKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('SigningKeys');
  private keys: SigningKeySet;
  private stamp: string | undefined;
  /** The keys that are in the audit trail as they are. */
  private recorded: string | undefined;
  private watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly secrets: SecretsConfig,
    private readonly records: SigningKeyRecords,
    private readonly accounts: AccountsConfig,
  ) {
    this.keys = { current: signingKey(secrets.jwtSigningKey) };
  }

  get current(): SigningKey {
    return this.keys.current;
  }

  /** The key a token names, or undefined: a token may only name keys that are ours. */
  find(kid: unknown): KeyObject | undefined {
    return this.counting(this.keys).find((key) => key.kid === kid)?.publicKey;
  }

  jwks(): readonly PublicJwk[] {
    const distinct = new Map(this.counting(this.keys).map(({ kid, jwk }) => [kid, jwk]));
    return [...distinct.values()];
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.takeUp();
    this.watch = setInterval(() => void this.takeUp(), WATCH_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.watch);
  }

  /** Takes up changed files. Another key signs only once its entry is in the audit trail; a removed one goes at once. */
  private async takeUp(): Promise<void> {
    try {
      const path = this.secrets.jwtSigningKeyPath;
      const stamp = path && (await keySetStamp(path));
      const keys = path === undefined || stamp === this.stamp ? this.keys : await readKeySet(path);
      this.keys = this.without(this.keys, keys);
      await this.record(keys);
      this.keys = keys;
      this.stamp = stamp;
    } catch (error) {
      this.logger.error({ event: 'signing_keys.not_taken_up', cause: (error as Error).name });
    }
  }

  private async record(keys: SigningKeySet): Promise<void> {
    const known = this.counting(keys).map(({ kid }) => kid);
    if (known.join() === this.recorded) return;
    await this.records.record(keys.current.kid, known);
    this.recorded = known.join();
  }

  private without(keys: SigningKeySet, now: SigningKeySet): SigningKeySet {
    const kids = this.counting(now).map(({ kid }) => kid);
    const kept = (key: SigningKey | undefined) => (key && kids.includes(key.kid) ? key : undefined);
    return { ...keys, next: kept(keys.next), previous: kept(keys.previous) };
  }

  private counting({ current, next, previous, previousSince }: SigningKeySet): SigningKey[] {
    return [current, next, this.stillCounts(previousSince) ? previous : undefined].filter(
      (key) => key !== undefined,
    );
  }

  /** Once its last token has expired the previous key is retired: whoever has stolen it makes no new ones. */
  private stillCounts(previousSince = 0): boolean {
    const countsForMs = (this.accounts.accessTokenSeconds + CLOCK_SKEW_SECONDS) * 1_000;
    return Date.now() < previousSince + countsForMs;
  }
}
