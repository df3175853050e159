import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { redisFound } from '../harness/redis-server';
import { SmallDisk } from '../harness/small-disk';
import { straceFound } from '../harness/system-calls';
import type { Workload } from './history';
import type { Installation } from './installation';

/** Of Debian's libfaketime. */
const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;

const NEEDS = {
  redis: { there: redisFound, remedy: 'install redis-server' },
  strace: { there: straceFound, remedy: 'install strace, and allow ptrace' },
  'a disk of its own': { there: SmallDisk.possible(), remedy: 'run as root, where tmpfs may be mounted' },
  prlimit: { there: spawnSync('prlimit', ['--version']).status === 0, remedy: 'install util-linux' },
  faketime: { there: existsSync(FAKETIME), remedy: 'install libfaketime' },
} as const;

export interface Fault {
  readonly name: string;
  /** Also in `npm test`; the others in `npm run test:faults` only. */
  readonly always?: true;
  readonly needs?: keyof typeof NEEDS;
  /** The server itself is away for a while: its probes are not answered. */
  readonly serverDies?: true;
  /** Breaks something, and mends what does not mend itself. */
  inject(at: Installation, workload: Workload): Promise<void>;
}

export const isPossible = ({ needs }: Fault): boolean => needs === undefined || NEEDS[needs].there;

export const whyNot = ({ name, needs }: Fault): string =>
  `SKIPPED: ${name}. It needs ${needs}: ${NEEDS[needs!].remedy}.`;

/** What a server process is started with to have a clock that the file sets, as `+3600`; timers are not touched. */
export const falseClock = (file: string): Record<string, string> => ({
  LD_PRELOAD: FAKETIME,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  FAKETIME_NO_CACHE: '1',
});
