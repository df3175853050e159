import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type AuditProblem, problemAt } from '../verification/chain-verification';
import { CheckpointPublisher } from './checkpoint-publisher';
import { newestCheckpoint, publishedSize } from './checkpoint-store';
import { unanchoredSeconds } from './checkpoint.metrics';

/** A checkpoint follows its entries within a minute at most; longer than this, somebody has to look. */
const LIMIT_SECONDS = 300;

export interface Anchoring {
  /** Entries that are covered by a checkpoint which every configured target has taken. */
  readonly anchored_size: number;
  /** Age of the oldest entry behind it; 0 for none. */
  readonly unanchored_seconds: number;
  readonly overdue: boolean;
}

/** How far the trail is out of the reach of the database's administrators. */
@Injectable()
export class AnchoredSizes {
  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: CheckpointPublisher,
  ) {}

  async now(): Promise<Anchoring> {
    const anchored_size = await this.size();
    const [row] = await this.dataSource.query<{ seconds: number }[]>(
      `SELECT extract(epoch FROM clock_timestamp() - sequenced_at)::float8 AS seconds
       FROM audit_logs WHERE seq > $1 ORDER BY seq LIMIT 1`,
      [anchored_size],
    );
    const unanchored_seconds = row?.seconds ?? 0;
    unanchoredSeconds.set(unanchored_seconds);
    return { anchored_size, unanchored_seconds, overdue: unanchored_seconds > LIMIT_SECONDS };
  }

  async problem(): Promise<AuditProblem | null> {
    const { anchored_size, overdue } = await this.now();
    if (!overdue) return null;
    const seq = anchored_size + 1;
    return problemAt(
      'unanchored',
      seq,
      `no checkpoint covers entry ${seq} that was taken within ${LIMIT_SECONDS} s`,
    );
  }

  /** What every configured target has taken; what is signed, when none is configured. */
  private async size(): Promise<number> {
    const db = this.dataSource.manager;
    const { targets } = this.publisher;
    if (targets.length === 0) return (await newestCheckpoint(db))?.size ?? 0;
    return Math.min(...(await Promise.all(targets.map((target) => publishedSize(db, target)))));
  }
}
