import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Start time of a process: tells it from a later one with the same pid. Undefined: it is gone, or only a zombie. */
export function birthOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart=')?.replaceAll(/\W+/g, '-');
  const stat = read(`/proc/${pid}/stat`);
  // proc(5): the name, in brackets, may hold anything; after it come state (field 3) and so on to starttime (field 22)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Program and arguments of a process, separated by spaces. */
export function commandOf(pid: number): string | undefined {
  return process.platform === 'linux'
    ? read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ')
    : ps(pid, 'command=');
}

/**
 * Sends one signal after the other, each with the time in milliseconds that it is given to work.
 * @throws Error when the process outlives them all
 */
export async function endProcess(
  pid: number,
  signals: readonly (readonly [NodeJS.Signals, number])[],
): Promise<void> {
  const birth = birthOf(pid);
  for (const [signal, patienceMs] of signals) {
    const deadline = performance.now() + patienceMs;
    if (birth === undefined || birthOf(pid) !== birth) return;
    send(pid, signal);
    while (performance.now() < deadline) {
      if (birthOf(pid) !== birth) return;
      await sleep(POLL_MS);
    }
  }
  throw new Error(`Process ${pid} cannot be stopped`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-ww', '-o', column, '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
