import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RetentionConfig } from '../config/retention.config';
import { toDomainError } from '../errors/to-domain-error';
import { Rekeying } from './rekeying/rekeying.service';
import { sweeps } from './retention/retention.metrics';
import { RetentionSweep } from './retention/retention-sweep.service';

/** Looks after stored results from time to time. Any replica may, and all of them do. */
@Injectable()
export class ResultUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('ResultUpkeep');
  private readonly stop = new AbortController();
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(
    private readonly config: RetentionConfig,
    private readonly retention: RetentionSweep,
    private readonly rekeying: Rekeying,
  ) {}

  onApplicationBootstrap(): void {
    const { sweepSeconds } = this.config;
    if (sweepSeconds === 0) return;
    this.timer = setInterval(() => {
      this.running ??= this.sweep().finally(() => (this.running = undefined));
    }, sweepSeconds * 1000).unref();
  }

  /** The chunk under way is finished. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stop.abort();
    await this.running;
  }

  private async sweep(): Promise<void> {
    const { signal } = this.stop;
    await this.attempt('measure', () => this.measure());
    await this.attempt('mark', () => this.retention.mark(signal));
    await this.attempt('purge', () => this.retention.purge(signal));
    await this.attempt('rekey', () => this.rekeying.run(signal));
    await this.attempt('measure', () => this.measure());
  }

  /** One that fails keeps the others from nothing; it is tried again in the next sweep. */
  private async attempt(job: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      sweeps.inc({ job, outcome: 'done' });
    } catch (error) {
      sweeps.inc({ job, outcome: 'failed' });
      this.logger.error({ event: 'results.upkeep_failed', job, code: toDomainError(error).code });
    }
  }

  private async measure(): Promise<void> {
    await this.retention.measure();
    await this.rekeying.measure();
  }
}
