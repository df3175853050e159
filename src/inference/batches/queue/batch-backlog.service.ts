import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchBacklog, batchBacklogAge } from '../batches.metrics';

const MEASURE_EVERY_MS = 5_000;

const WAITING = `SELECT count(*)::int AS waiting,
    coalesce(greatest(extract(epoch FROM clock_timestamp() - min(turn_at)), 0), 0)::float8 AS age
  FROM (SELECT turn_at FROM inference_batch_items WHERE image IS NOT NULL AND status = 'queued' LIMIT 100001) AS items`;

/** Measures how much waits in the queue: what autoscaling goes by. */
@Injectable()
export class BatchBacklog implements OnApplicationBootstrap, OnModuleDestroy {
  private timer?: NodeJS.Timeout;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      void this.measure()
        .catch(() => undefined) // what was known stays known
        .then(() => this.timer?.refresh());
    }, MEASURE_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  async measure(): Promise<void> {
    const [row] = await this.dataSource.query<{ waiting: number; age: number }[]>(WAITING);
    batchBacklog.set(row!.waiting);
    batchBacklogAge.set(row!.age);
  }
}
