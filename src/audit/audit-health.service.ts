import { Injectable } from '@nestjs/common';
import { AuditReader } from './audit-reader.service';
import { AnchoredSizes, type Anchoring } from './checkpoint/anchored-sizes';
import { Checkpointer, type CheckpointState } from './checkpoint/checkpointer.service';

const MAX_LAG_SECONDS = 60;

export interface AuditHealthReport extends Anchoring {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Age of the oldest entry that is not chained yet. */
  readonly lag_seconds: number;
  /** Class of what is wrong with the trail that was signed; null when nothing is. */
  readonly problem: string | null;
  readonly signing_key: CheckpointState['key'];
  /** Anchor or witness that could not be reached last time. */
  readonly unreached: readonly string[];
}

@Injectable()
export class AuditHealth {
  constructor(
    private readonly reader: AuditReader,
    private readonly anchored: AnchoredSizes,
    private readonly checkpointer: Checkpointer,
  ) {}

  /** Unhealthy: not chained in time, or not the trail that was signed. Degraded: not out of the database's reach in time. */
  async report(): Promise<AuditHealthReport> {
    const [lag_seconds, anchoring] = await Promise.all([this.reader.lagSeconds(), this.anchored.now()]);
    const { problem, key, unreached } = this.checkpointer.state;
    const broken = lag_seconds >= MAX_LAG_SECONDS || problem !== null || key === 'not_handed_over';
    const behind = anchoring.overdue || unreached.length > 0 || key === 'retired';
    return {
      status: broken ? 'unhealthy' : behind ? 'degraded' : 'healthy',
      lag_seconds,
      problem: problem?.class ?? null,
      signing_key: key,
      unreached,
      ...anchoring,
    };
  }
}
