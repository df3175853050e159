import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ClientConfig } from 'pg';
import { DatabaseConfig } from '../../config/database.config';
import { sslOf } from '../../database/data-source-options';
import { DatabaseUrls } from '../../database/database-urls';
import { chainNextBatch } from './audit-batch';
import { isDuplicate, rejectDuplicates } from './duplicates';
import { LeaderSession } from './leader-session';
import { auditChained, auditLeader } from './sequencer.metrics';

const MAX_BATCH = 2_000;
const MIN_BATCH = 50;
/** Between two looks into an inbox that held no full batch: entries are chained after half of it at the median. */
const LEADER_PAUSE_MS = 150;
const FOLLOWER_PAUSE_MS = 500;
const RECONNECT_MS = 250;
const MAX_RECONNECT_MS = 4_000;

/** Turns committed inbox rows into the hash chain. Every replica runs one; one of them leads. */
@Injectable()
export class AuditSequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AuditSequencer');
  private readonly stop = new AbortController();
  private readonly connection: ClientConfig;
  /** Smaller after a failure: on a slow disk a batch must end before the leader counts as silent. */
  private batchSize = MAX_BATCH;
  private loop: Promise<void> = Promise.resolve();

  constructor(urls: DatabaseUrls, config: DatabaseConfig) {
    this.connection = { connectionString: urls.sequencer, ssl: sslOf(config) };
  }

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stop.signal.aborted) {
      try {
        const session = await LeaderSession.open(this.connection);
        failures = 0;
        try {
          await this.compete(session);
        } finally {
          await session.close();
        }
      } catch (error) {
        const { code } = error as { code?: string };
        this.logger.warn({ event: 'audit.sequencer_interrupted', cause_code: code });
      }
      await this.pause(Math.min(RECONNECT_MS * 2 ** failures++, MAX_RECONNECT_MS));
    }
  }

  private async compete(session: LeaderSession): Promise<void> {
    while (!this.stop.signal.aborted) {
      if (await session.tryToLead()) return this.lead(session);
      await this.pause(FOLLOWER_PAUSE_MS);
    }
  }

  private async lead(session: LeaderSession): Promise<void> {
    this.logger.log({ event: 'audit.sequencer_leads' });
    auditLeader.set(1);
    try {
      while (!this.stop.signal.aborted) {
        if (!(await this.chain(session))) await this.pause(LEADER_PAUSE_MS);
      }
    } finally {
      auditLeader.set(0);
    }
  }

  /** @returns whether the inbox may hold more */
  private async chain({ client }: LeaderSession): Promise<boolean> {
    const size = this.batchSize;
    try {
      const chained = await chainNextBatch(client, size);
      auditChained.inc(chained);
      this.batchSize = Math.min(2 * size, MAX_BATCH);
      return chained === size;
    } catch (error) {
      this.batchSize = Math.max(Math.floor(size / 2), MIN_BATCH);
      if (!isDuplicate(error)) throw error;
      const rejected = await rejectDuplicates(client);
      this.logger.error({ event: 'audit.duplicates_rejected', count: rejected });
      return true;
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }
}
