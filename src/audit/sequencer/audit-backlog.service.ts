import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { auditBacklog, auditLag } from './sequencer.metrics';

const MAX_LAG_SECONDS = 60;
const MAX_WAITING = 50_000;
const MEASURE_EVERY_MS = 1_000;

export interface Backlog {
  /** Age of the oldest entry that is not chained yet; 0 when all are. */
  readonly lagSeconds: number;
  /** Entries that are not chained yet, counted up to the limit. */
  readonly waiting: number;
}

/** How far the chain is behind what is committed. A sequencer that is stuck must not let that grow without bound. */
@Injectable()
export class AuditBacklog implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private latest: Backlog = { lagSeconds: 0, waiting: 0 };

  constructor(private readonly dataSource: DataSource) {}

  /** From the last measurement, at most about a second old: it costs a request nothing. */
  get isTooLong(): boolean {
    return this.latest.lagSeconds >= MAX_LAG_SECONDS || this.latest.waiting > MAX_WAITING;
  }

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      // A database that does not answer refuses by itself; what was known stays known.
      void this.measure()
        .catch(() => undefined)
        .then(() => this.timer?.refresh());
    }, MEASURE_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  async measure(): Promise<Backlog> {
    const [row] = await this.dataSource.query<{ lag: number | null; waiting: number }[]>(
      `SELECT (SELECT extract(epoch FROM clock_timestamp() - queued_at)::float8 FROM audit_inbox ORDER BY id LIMIT 1) AS lag,
              (SELECT count(*)::int FROM (SELECT FROM audit_inbox LIMIT ${MAX_WAITING + 1}) AS entries) AS waiting`,
    );
    this.latest = { lagSeconds: row?.lag ?? 0, waiting: row?.waiting ?? 0 };
    auditLag.set(this.latest.lagSeconds);
    auditBacklog.set(this.latest.waiting);
    return this.latest;
  }
}
