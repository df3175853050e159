// CPU time of a server and everything it started, by part. Linux only: elsewhere every part is null.
import { PARTS, processesOf } from './processes.mjs';

/** @returns milliseconds of CPU since the start: `{server, engine, postgres}` */
export function cpuTime(pid) {
  if (process.platform !== 'linux') return Object.fromEntries(PARTS.map((part) => [part, null]));
  const total = Object.fromEntries(PARTS.map((part) => [part, 0]));
  for (const { part, milliseconds } of processesOf(pid)) total[part] += milliseconds;
  return total;
}
