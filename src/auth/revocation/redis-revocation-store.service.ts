import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { DataSource, EntityManager } from 'typeorm';
import { revocationChecks } from '../auth.metrics';
import { PostgresRevocationStore, storeRevocation } from './postgres-revocation-store.service';
import { addEntries, entryOf, lookUp, prune, rebuild } from './revocation-list';
import type { RevocationStore, Revoke, TokenIdentity } from './revocation-store';

const TICK_MS = 250;
/** For how long what PostgreSQL said of the generation is believed. */
const LEASE_MS = 1_000;
/** Longest life of one command (`commandTimeout` of the client), with room for a loop that is late. */
const COMMAND_MS = 250;
/** Heals what a process that died between commit and publication left out. */
const REBUILD_EVERY_MS = 30_000;

/**
 * Answers from the list in Redis while that list is known to be whole, from PostgreSQL otherwise.
 *
 * Redis is believed only if (1) this connection has rebuilt the list from PostgreSQL, (2) the list bears the generation
 * that PostgreSQL had within the last second. Whoever cannot publish a revocation raises the generation and waits until
 * every replica's belief has run out, so a revocation that was answered holds everywhere, whatever became of Redis.
 * Any failure ends the belief at once: the next requests ask PostgreSQL, and only a timer looks whether Redis is back.
 */
export class RedisRevocationStore implements RevocationStore {
  private readonly logger = new Logger('RevocationStore');
  private readonly postgres: PostgresRevocationStore;
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;
  /** Generation of the list that this connection rebuilt; undefined while Redis is not believed. */
  private listed: string | undefined;
  private generation: string | undefined;
  private generationReadAt = -Infinity;
  private rebuiltAt = -Infinity;
  private readonly forget = (): void => this.distrust('connection');

  /** @param usefulSeconds for which an access token may live, with the skew of clocks */
  constructor(
    private readonly redis: Redis,
    private readonly dataSource: DataSource,
    private readonly usefulSeconds: number,
  ) {
    this.postgres = new PostgresRevocationStore(dataSource);
    // A connection that is new may be to a server that is new, or to a replica that was behind.
    redis.on('ready', this.forget).on('close', this.forget);
    this.loop = this.run();
  }

  get answering(): 'redis' | 'postgresql' {
    return this.believes() ? 'redis' : 'postgresql';
  }

  async isRevoked(token: TokenIdentity): Promise<boolean> {
    if (this.believes()) {
      try {
        const { generation, revoked } = await lookUp(this.redis, token);
        if (generation === this.listed && generation !== null) {
          revocationChecks.inc({ store: 'redis' });
          return revoked;
        }
        this.distrust('list');
      } catch {
        this.distrust('failure');
      }
    }
    return this.postgres.isRevoked(token);
  }

  async transaction<T>(work: (manager: EntityManager, revoke: Revoke) => Promise<T>): Promise<T> {
    const entries: string[] = [];
    const result = await this.dataSource.transaction((manager) =>
      work(manager, async (revocation) => {
        await storeRevocation(manager, revocation);
        entries.push(await entryOf(manager, revocation));
      }),
    );
    if (entries.length > 0) await this.publish(entries);
    return result;
  }

  async stop(): Promise<void> {
    this.redis.off('ready', this.forget).off('close', this.forget);
    this.stopping.abort();
    await this.loop;
  }

  private believes(): boolean {
    return (
      this.listed !== undefined &&
      this.listed === this.generation &&
      performance.now() - this.generationReadAt < LEASE_MS
    );
  }

  private distrust(reason: string): void {
    if (this.listed === undefined) return;
    this.listed = undefined;
    this.logger.warn({ event: 'revocation.redis_distrusted', cause: reason });
  }

  /** After the commit: a rebuilding that starts later reads it from PostgreSQL. */
  private async publish(entries: readonly string[]): Promise<void> {
    try {
      await addEntries(this.redis, entries, Math.ceil(Date.now() / 1000) + this.usefulSeconds);
    } catch {
      this.distrust('failure');
      await this.dataSource.query('UPDATE revocation_generation SET generation = generation + 1');
      await sleep(LEASE_MS + COMMAND_MS);
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.tick().catch(() => undefined); // PostgreSQL or Redis is away: the belief runs out by itself
      await sleep(TICK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async tick(): Promise<void> {
    const askedAt = performance.now();
    const [row] = await this.dataSource.query<[{ generation: string }]>(
      'SELECT generation::text FROM revocation_generation',
    );
    this.generation = row.generation;
    this.generationReadAt = askedAt;
    const due = performance.now() - this.rebuiltAt > REBUILD_EVERY_MS;
    if (this.redis.status === 'ready' && (due || this.listed !== this.generation)) await this.rebuild();
  }

  private async rebuild(): Promise<void> {
    const connection = this.redis.stream;
    const listed = await rebuild(this.redis, this.dataSource, randomUUID(), this.usefulSeconds);
    if (listed === undefined || connection !== this.redis.stream) return;
    if (this.listed === undefined) this.logger.log({ event: 'revocation.redis_trusted' });
    this.listed = listed;
    this.rebuiltAt = performance.now();
    await prune(this.redis);
  }
}
