import { availableParallelism, loadavg } from 'node:os';
import { Injectable } from '@nestjs/common';
import { type ComponentHealth, overall } from '../components/component-health';
import { Components } from '../components/components.service';
import { HealthConfig } from '../config/health.config';
import { RuntimeConfig } from '../config/runtime.config';
import { diskUse } from './disk-use';
import { judged } from './judged';
import { memoryUse } from './memory-use';

/** Load, memory, and the disk under DATA_DIR. None of them keeps requests away: the engine's queue does that. */
@Injectable()
export class SystemIndicator {
  constructor(
    components: Components,
    private readonly limits: HealthConfig,
    private readonly runtime: RuntimeConfig,
  ) {
    components.register({ name: 'system', required: false, check: () => this.check() });
  }

  private async check(): Promise<ComponentHealth> {
    const [memory, disk] = await Promise.all([memoryUse(), diskUse(this.runtime.dataDir)]);
    const parts = {
      cpu: judged(loadavg()[0]! / availableParallelism(), this.limits.cpu),
      memory: judged(memory, this.limits.memory),
      disk: judged(disk, this.limits.disk),
    };
    return { status: overall(Object.values(parts)), ...parts };
  }
}
