import { statfs } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { type ComponentHealth, type HealthStatus, overall } from './component-health';

/** Share of the heap limit, of the disk, and of one run queue a core: below the first healthy, below the second degraded. */
const LIMITS = { cpu: [1.5, 4], memory: [0.85, 0.95], disk: [0.85, 0.95] } as const;

/** Load per core, memory of this process against what the container allows, and the disk under DATA_DIR. */
export async function systemHealth(dataDir: string): Promise<ComponentHealth> {
  const cpu = loadavg()[0]! / availableParallelism();
  const memory = process.memoryUsage().rss / (process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const disk = await usedShare(dataDir);
  const parts = { cpu: judged('cpu', cpu), memory: judged('memory', memory), disk: judged('disk', disk) };
  return { status: overall(Object.values(parts)), ...parts };
}

function judged(name: keyof typeof LIMITS, used: number): ComponentHealth {
  const [degraded, unhealthy] = LIMITS[name];
  const status: HealthStatus = used < degraded ? 'healthy' : used < unhealthy ? 'degraded' : 'unhealthy';
  return { status, used: Math.round(used * 1000) / 1000 };
}

async function usedShare(directory: string): Promise<number> {
  const { blocks, bavail } = await statfs(directory);
  return 1 - bavail / blocks;
}
