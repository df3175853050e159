// A server and everything it started, by part. Linux only: elsewhere nothing is found.
import { readdirSync, readFileSync } from 'node:fs';

const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;
export const PARTS = ['server', 'engine', 'postgres'];

/** @returns `[{part, milliseconds, residentBytes}]`, CPU since the start of each process */
export function processesOf(pid) {
  if (process.platform !== 'linux') return [];
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(read);
  const family = (parent) => [parent, ...all.filter((each) => each.parent === parent.pid).flatMap(family)];
  return all.filter((each) => each.pid === pid).flatMap(family);
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
    return {
      pid: Number(name),
      parent: Number(fields[1]),
      part: partOf(readFileSync(`/proc/${name}/cmdline`, 'utf8')),
      milliseconds: ticks * MS_PER_TICK,
      residentBytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    return [];
  }
}
