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

const BATCH_SIZE = 2_000;
/** Between two looks into an inbox that was not full: entries are chained after half of it at the median. */
const LEADER_PAUSE_MS = 50;
const FOLLOWER_PAUSE_MS = 500;
const RECONNECT_MS = 250;
const MAX_RECONNECT_MS = 4_000;

/** Turns committed inbox rows into the hash chain. Every replica runs one; one of them leads. */
@Injectable()
export class AuditSequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AuditSequencer');
  private readonly stop = new AbortController();
  private readonly connection: ClientConfig;
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
        const chained = (await session.hasWork()) ? await this.chain(session) : 0;
        if (chained < BATCH_SIZE) await this.pause(LEADER_PAUSE_MS);
      }
    } finally {
      auditLeader.set(0);
    }
  }

  private async chain({ client }: LeaderSession): Promise<number> {
    try {
      const chained = await chainNextBatch(client, BATCH_SIZE);
      auditChained.inc(chained);
      return chained;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const rejected = await rejectDuplicates(client);
      this.logger.error({ event: 'audit.duplicates_rejected', count: rejected });
      return BATCH_SIZE;
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }
}
