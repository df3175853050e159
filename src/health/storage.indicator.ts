import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type ComponentHealth, overall } from '../components/component-health';
import { Components } from '../components/components.service';
import { HealthConfig } from '../config/health.config';
import { RuntimeConfig } from '../config/runtime.config';
import { diskUse } from './disk-use';
import { judged } from './judged';
import { storageUsed, storageWritable } from './storage.metrics';
import { isWritable } from './write-probe';

/** Between two measurements for the metrics, which do not wait for a disk. */
const PERIOD_MS = 15_000;

/** The directories that this server writes: models and uploads need the one, engine processes the other. */
@Injectable()
export class StorageIndicator implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Storage');
  private readonly stop = new AbortController();
  private readonly directories: Readonly<Record<string, string>>;

  constructor(
    components: Components,
    private readonly limits: HealthConfig,
    { dataDir }: RuntimeConfig,
  ) {
    this.directories = { data: dataDir, temporary: tmpdir() };
    components.register({ name: 'storage', required: false, check: () => this.check() });
  }

  onApplicationBootstrap(): void {
    void this.watch();
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  private async watch(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await this.check().catch((error: NodeJS.ErrnoException) => {
        this.logger.warn({ event: 'storage.check_failed', cause_code: error.code });
      });
      await sleep(PERIOD_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** One after the other: a disk that hangs holds one thread of the pool, not several. */
  private async check(): Promise<ComponentHealth> {
    const parts: Record<string, ComponentHealth> = {};
    for (const [name, directory] of Object.entries(this.directories)) {
      const used = await diskUse(directory);
      const writable = await isWritable(directory);
      storageUsed.set({ directory: name }, used);
      storageWritable.set({ directory: name }, writable ? 1 : 0);
      const disk = judged(used, this.limits.disk);
      parts[name] = { ...disk, status: writable ? disk.status : 'unhealthy', writable };
    }
    return { status: overall(Object.values(parts)), ...parts };
  }
}
