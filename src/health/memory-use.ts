import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';

const CGROUP = '/sys/fs/cgroup';

/**
 * The share of the memory this server and its engine processes may have that is in use: of the container's limit
 * (cgroup v2, without the page cache that the kernel gives back first, as the kubelet counts it), else of the machine.
 */
export async function memoryUse(): Promise<number> {
  return (await containerUse()) ?? (await machineUse());
}

async function containerUse(): Promise<number | undefined> {
  const [max, current, stat] = await Promise.all([
    text(`${CGROUP}/memory.max`),
    text(`${CGROUP}/memory.current`),
    text(`${CGROUP}/memory.stat`),
  ]);
  const limit = Number(max);
  if (!(limit > 0 && limit <= totalmem())) return undefined;
  const cache = Number(/^inactive_file (\d+)$/m.exec(stat ?? '')?.[1] ?? 0);
  return (Number(current) - cache) / limit;
}

async function machineUse(): Promise<number> {
  const info = await text('/proc/meminfo');
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(info ?? '')?.[1];
  return 1 - (available === undefined ? freemem() : 1024 * Number(available)) / totalmem();
}

const text = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
