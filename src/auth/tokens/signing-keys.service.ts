import type { KeyObject } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { AccountsConfig } from '../../config/accounts.config';
import { SecretsConfig } from '../../config/secrets.config';
import { type PublicJwk, type SigningKey, signingKey } from './signing-key';
import { keySetStamp, readKeySet, type SigningKeySet } from './signing-key-files';

const WATCH_INTERVAL_MS = 1_000;
/** By how much the clocks of replicas may differ. */
export const CLOCK_SKEW_SECONDS = 30;

/** The keys of this installation's access tokens. Rotated files are taken up without a restart. */
@Injectable()
export class SigningKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('SigningKeys');
  private keys: SigningKeySet;
  private stamp: string | undefined;
  private watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly secrets: SecretsConfig,
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
    private readonly accounts: AccountsConfig,
  ) {
    this.keys = { current: signingKey(secrets.jwtSigningKey) };
  }

  get current(): SigningKey {
    return this.keys.current;
  }

  /** The key a token names, or undefined: a token may only name keys that are ours. */
  find(kid: unknown): KeyObject | undefined {
    return this.all().find((key) => key.kid === kid)?.publicKey;
  }

  jwks(): readonly PublicJwk[] {
    const distinct = new Map(this.all().map(({ kid, jwk }) => [kid, jwk]));
    return [...distinct.values()];
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.secrets.jwtSigningKeyPath === undefined) return;
    await this.reload();
    this.watch = setInterval(() => void this.reload(), WATCH_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.watch);
  }

  /** Takes up changed files. Another key signs only once its entry is in the audit trail. */
  private async reload(): Promise<void> {
    const path = this.secrets.jwtSigningKeyPath;
    if (path === undefined) return;
    try {
      const stamp = await keySetStamp(path);
      if (stamp === this.stamp) return;
      const keys = await readKeySet(path);
      if (keys.current.kid !== this.keys.current.kid) await this.record(keys);
      this.keys = keys;
      this.stamp = stamp;
    } catch (error) {
      this.logger.error({ event: 'signing_keys.not_reloaded', cause: (error as Error).name });
    }
  }

  private async record({ current, previous }: SigningKeySet): Promise<void> {
    const details = { key_id: current.kid, previous_key_id: previous?.kid };
    await this.trail.record(this.dataSource.manager, 'key.rotated', {
      objectType: 'signing_key',
      objectId: current.kid,
      actorRole: 'system',
      details,
    });
    this.logger.log({ event: 'signing_keys.rotated' });
  }

  private all(): SigningKey[] {
    const { current, next } = this.keys;
    return [current, next, this.countingPrevious()].filter((key) => key !== undefined);
  }

  /** Once its last token has expired the previous key is retired: whoever has stolen it makes no new ones. */
  private countingPrevious(): SigningKey | undefined {
    const { previous, previousSince = 0 } = this.keys;
    const countsForMs = (this.accounts.accessTokenSeconds + CLOCK_SKEW_SECONDS) * 1_000;
    return Date.now() < previousSince + countsForMs ? previous : undefined;
  }
}
