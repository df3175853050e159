import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { childrenOf } from '../harness/processes';

/** What a process holds of the machine. */
export interface Footprint {
  /** Open files, pipes and the like. */
  readonly files: number;
  /** But those of its clients, who keep them as long as they like. */
  readonly sockets: number;
  readonly children: number;
  readonly residentMib: number;
}

/** As many as the pool may open, and keep for a while. */
const SOCKETS_KEPT = 30;
/** As a heap after hours of work rather than seconds: what grows with each fault is found all the same. */
const RESIDENT_FACTOR = 2;

/** @param port where its clients reach it */
export function footprintOf(pid: number, port: number): Footprint {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const ofClients = socketsAt(port);
  const isSocket = (target: string): boolean => target.startsWith('socket:');
  return {
    files: targets.filter((target) => target !== '' && !isSocket(target)).length,
    sockets: targets.filter((target) => isSocket(target) && !ofClients.has(target)).length,
    children: childrenOf(pid).length,
    residentMib: Number(resident) / 1024,
  };
}

/** @returns what has not come back to where it was */
export function grown(before: Footprint, after: Footprint): string[] {
  const limits: Footprint = {
    files: before.files,
    sockets: before.sockets + SOCKETS_KEPT,
    children: before.children,
    residentMib: before.residentMib * RESIDENT_FACTOR,
  };
  return (Object.keys(limits) as (keyof Footprint)[])
    .filter((name) => after[name] > limits[name])
    .map((name) => `${name}: ${before[name]} before, ${after[name]} after`);
}

/** As `socket:[inode]`, from proc(5)'s table of IPv4 sockets. */
function socketsAt(port: number): Set<string> {
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const rows = lines.map((line) => line.trim().split(/\s+/));
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return new Set(rows.filter(([, at]) => at!.endsWith(local)).map((row) => `socket:[${row[9]}]`));
}

/** Empty for one that was closed meanwhile. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
