import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Components } from '../components/components.service';
import { DatabaseStatus } from '../database/database-status.service';
import { AnchoredSizes, type Anchoring } from './checkpoint/anchored-sizes';
import { Checkpointer, type CheckpointState } from './checkpoint/checkpointer.service';
import { AuditBacklog } from './sequencer/audit-backlog.service';

export interface AuditHealthReport extends Anchoring {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Age of the oldest entry that is not chained yet. */
  readonly lag_seconds: number;
  /** Entries that are not chained yet, counted up to 50,001. */
  readonly backlog: number;
  /** Whether the role that serves requests can add to the trail only: see docker/postgres/roles.sql. */
  readonly roles_separated: boolean;
  /** Class of what is wrong with the trail that was signed; null when nothing is. */
  readonly problem: string | null;
  readonly signing_key: CheckpointState['key'];
  /** Anchor or witness that could not be reached last time. */
  readonly unreached: readonly string[];
}

@Injectable()
export class AuditHealth implements OnApplicationBootstrap {
  private readonly logger = new Logger('AuditHealth');

  constructor(
    components: Components,
    private readonly backlog: AuditBacklog,
    private readonly database: DatabaseStatus,
    private readonly anchored: AnchoredSizes,
    private readonly checkpointer: Checkpointer,
  ) {
    const check = async () => ({ ...(await this.report()) });
    components.register({ name: 'audit', required: true, check });
  }

  async onApplicationBootstrap(): Promise<void> {
    if (await this.database.cannotRewriteAudit()) return;
    this.logger.warn({ event: 'audit.roles_not_separated' });
  }

  /** Unhealthy: not chained in time, or not the trail that was signed. Degraded: not out of the database's reach in time. */
  async report(): Promise<AuditHealthReport> {
    const [{ lagSeconds, waiting }, roles_separated, anchoring] = await Promise.all([
      this.backlog.measure(),
      this.database.cannotRewriteAudit(),
      this.anchored.now(),
    ]);
    const { problem, key, unreached } = this.checkpointer.state;
    const broken = this.backlog.isTooLong || problem !== null || key === 'not_handed_over';
    const behind = anchoring.overdue || unreached.length > 0 || key === 'retired';
    return {
      status: broken ? 'unhealthy' : behind ? 'degraded' : 'healthy',
      lag_seconds: lagSeconds,
      backlog: waiting,
      roles_separated,
      problem: problem?.class ?? null,
      signing_key: key,
      unreached,
      ...anchoring,
    };
  }
}
