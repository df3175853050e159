// CPU time of a server and everything it started, by part. Linux only: elsewhere every part is null.
import { readdirSync, readFileSync } from 'node:fs';

const MS_PER_TICK = 10;
const PARTS = ['server', 'engine', 'postgres'];

/** @returns milliseconds of CPU since the start: `{server, engine, postgres}` */
export function cpuTime(pid) {
  if (process.platform !== 'linux') return Object.fromEntries(PARTS.map((part) => [part, null]));
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(read);
  const total = Object.fromEntries(PARTS.map((part) => [part, 0]));
  const visit = (each) => {
    total[partOf(each.command)] += each.milliseconds;
    for (const child of processes) if (child.parent === each.pid) visit(child);
  };
  visit(processes.find((each) => each.pid === pid));
  return total;
}

function partOf(command) {
  if (/engine\.process/.test(command)) return 'engine';
  return /postgres/.test(command) ? 'postgres' : 'server';
}

/** The file may be gone by the time it is read. See proc(5): the command stands in brackets and may hold spaces. */
function read(name) {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    return { pid: Number(name), parent: Number(fields[1]), milliseconds: ticks * MS_PER_TICK, command };
  } catch {
    return [];
  }
}
