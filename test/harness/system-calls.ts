import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Whether strace is here and may look into processes. */
export const straceFound = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Lets system calls of running processes, and of those they start, fail or take long. */
export class SystemCalls {
  private constructor(private readonly strace: ChildProcess) {}

  /** @param injection such as `fdatasync:error=EIO`; see strace(1) */
  static async tamper(pids: readonly number[], injection: string): Promise<SystemCalls> {
    const [call] = injection.split(':');
    const targets = pids.flatMap((pid) => ['-p', String(pid)]);
    const strace = spawn('strace', ['-f', '-e', `trace=${call}`, '-e', `inject=${injection}`, ...targets], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const attached = new Promise<void>((resolve) => {
      let count = 0;
      createInterface({ input: strace.stderr }).on('line', (line) => {
        if (line.endsWith('attached') && ++count === pids.length) resolve();
      });
    });
    await Promise.race([attached, once(strace, 'exit')]);
    return new SystemCalls(strace);
  }

  async release(): Promise<void> {
    if (this.strace.exitCode !== null || this.strace.signalCode !== null) return;
    const exited = once(this.strace, 'exit');
    this.strace.kill('SIGINT');
    await exited;
  }
}
