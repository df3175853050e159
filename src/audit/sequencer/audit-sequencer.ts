import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions';
import { DatabaseUrls } from '../../database/database-urls';
import { chainNextBatch } from './audit-batch';

/** Session advisory lock: its holder is the one sequencer. Losing the session loses the lock and the ability to write. */
const LEADER_LOCK = 7_202_612;
const BATCH_SIZE = 2_000;
const LEADER_POLL_MS = 50;
const FOLLOWER_POLL_MS = 1_000;
const RECONNECT_MS = 500;

/** Turns committed inbox rows into the hash chain. Every replica runs one; one of them leads. */
@Injectable()
export class AuditSequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AuditSequencer');
  private readonly stop = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly urls: DatabaseUrls,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const client = new Client(this.clientConfig());
      client.on('error', () => undefined); // the next query of the session reports it
      try {
        await client.connect();
        await this.compete(client);
      } catch (error) {
        this.logger.warn({
          event: 'audit.sequencer_interrupted',
          cause_code: (error as { code?: string }).code,
        });
      } finally {
        await client.end().catch(() => undefined);
      }
      await this.pause(RECONNECT_MS);
    }
  }

  private async compete(client: Client): Promise<void> {
    while (!this.stop.signal.aborted) {
      const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
        LEADER_LOCK,
      ]);
      if (rows[0]?.leads === true) return this.lead(client);
      await this.pause(FOLLOWER_POLL_MS);
    }
  }

  private async lead(client: Client): Promise<void> {
    this.logger.log({ event: 'audit.sequencer_leads' });
    while (!this.stop.signal.aborted) {
      const { rows } = await client.query<{ waiting: boolean }>(
        'SELECT EXISTS (SELECT FROM audit_inbox) AS waiting',
      );
      if (rows[0]?.waiting === true) await chainNextBatch(client, BATCH_SIZE);
      else await this.pause(LEADER_POLL_MS);
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }

  private clientConfig(): ClientConfig {
    const { ssl } = this.dataSource.options as PostgresDataSourceOptions;
    return {
      connectionString: this.urls.sequencer,
      ssl: ssl as ClientConfig['ssl'],
      application_name: 'medai-flow sequencer',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 5_000,
      idle_in_transaction_session_timeout: 5_000,
    };
  }
}
