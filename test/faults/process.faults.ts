import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, falseClock } from './fault';
import type { Installation } from './installation';

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'the server is killed and started again',
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGKILL');
      await at.startServer();
    },
  },
  {
    name: 'the server is stopped (SIGTERM) and started again',
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGTERM');
      await at.startServer();
    },
  },
  {
    name: 'the server stands still for 5 s (SIGSTOP)',
    serverDies: true,
    inject: async ({ server }) => {
      server.child.kill('SIGSTOP');
      await sleep(5_000);
      server.child.kill('SIGCONT');
    },
  },
  {
    name: 'nobody reads the log any more: its pipe is closed (EPIPE)',
    always: true,
    inject: async ({ server }) => {
      server.child.stdout!.destroy();
      await sleep(3_000);
    },
  },
  {
    name: 'who reads the log stands still for 8 s: its pipe is full',
    inject: async (at) => {
      await restarted(at, {});
      at.server.child.stdout!.pause();
      await sleep(8_000);
      at.server.child.stdout!.resume();
    },
    serverDies: true,
  },
  {
    name: 'the disk of the log is full',
    serverDies: true,
    inject: async (at) => {
      const full = openSync('/dev/full', 'w');
      await restarted(at, {}, full);
      await sleep(3_000);
      await restarted(at, {});
      closeSync(full);
    },
  },
  {
    name: 'the server runs out of file descriptors for 5 s',
    needs: 'prlimit',
    inject: async ({ server }, workload) => {
      const pid = server.child.pid!;
      const open = readdirSync(`/proc/${pid}/fd`).length;
      limitFiles(pid, open + 4);
      const burst = workload.burst(40);
      await sleep(5_000);
      limitFiles(pid, 65_536);
      await burst;
    },
  },
  { name: 'the clock jumps one hour ahead for 5 s', ...clock('+3600') },
  { name: 'the clock jumps one hour back for 5 s', ...clock('-3600') },
];

async function restarted(
  at: Installation,
  variables: Record<string, string>,
  stdout?: number,
): Promise<void> {
  await at.server.end('SIGTERM');
  await at.startServer(variables, stdout);
}

function limitFiles(pid: number, count: number): void {
  spawnSync('prlimit', ['--pid', String(pid), `--nofile=${count}:65536`]);
}

function clock(offset: string): Pick<Fault, 'needs' | 'serverDies' | 'inject'> {
  return {
    needs: 'faketime',
    serverDies: true,
    inject: async (at) => {
      const file = join(at.dataDir, 'clock');
      writeFileSync(file, '+0');
      await restarted(at, falseClock(file));
      writeFileSync(file, offset);
      await at.untilTold('database', { status: 'degraded' });
      await sleep(5_000);
      writeFileSync(file, '+0');
      await at.untilTold('database', { status: 'healthy' });
      await restarted(at, {});
    },
  };
}
