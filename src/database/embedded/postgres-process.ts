import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../../config/startup.error';
import { commandOf, endProcess } from './process-table';
import { commandLine, POSTGRES_ENVIRONMENT, type PostgresAccount } from './postgres-programs';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one, after which the next start recovers from the log. */
const SHUTDOWN = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;
/** Someone took the free port first, or processes of a killed server are still on their way out. */
const TRANSIENT = /Address already in use|pre-existing shared memory block/;

export interface PostgresLaunch {
  readonly program: string;
  readonly account: PostgresAccount;
  readonly data: string;
  readonly logFile: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface RunningPostgres {
  readonly port: number;
  readonly child: ChildProcess;
}

/**
 * Starts the server on a free port of 127.0.0.1 and waits until it accepts connections.
 * @throws Error with the end of the server's log
 */
export async function launchPostgres(launch: PostgresLaunch): Promise<RunningPostgres> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const port = await freePort();
    const child = spawnServer(launch, port);
    if (await isReady(child, launch.data, deadline)) return { port, child };
    const log = tailOf(launch);
    await endPostgres(child);
    if (performance.now() > deadline || !TRANSIENT.test(log)) {
      throw new StartupError(`The embedded PostgreSQL did not start: ${log}`);
    }
    await sleep(250);
  }
}

export async function endPostgres({ pid, exitCode, signalCode }: ChildProcess): Promise<void> {
  if (pid !== undefined && exitCode === null && signalCode === null) await endProcess(pid, SHUTDOWN);
}

/** Stops the server that a killed process left behind, and removes a `postmaster.pid` that no server stands behind. */
export async function endOrphan(data: string): Promise<void> {
  const pid = Number(statusLines(data)[0]);
  if (pid > 1 && commandOf(pid)?.includes(` -D ${data} -c `)) await endProcess(pid, SHUTDOWN);
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

function spawnServer(
  { program, account, data, logFile, settings }: PostgresLaunch,
  port: number,
): ChildProcess {
  const all = {
    // No statement and no row in the log: errors go to the client, the log keeps what concerns the server.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
  };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [file, args] = commandLine(account.prefix, program, ['-D', data, ...options]);
  rmSync(logFile, { force: true });
  const log = openSync(logFile, 'wx', 0o600);
  try {
    const child = spawn(file, args, {
      uid: account.uid,
      gid: account.gid,
      cwd: data,
      env: POSTGRES_ENVIRONMENT,
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C reaches this process, which stops the server once it has finished its work.
      detached: true,
    });
    child.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function isReady(child: ChildProcess, data: string, deadline: number): Promise<boolean> {
  if (child.pid === undefined) return false;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const lines = statusLines(data);
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** `postmaster.pid`: pid, data directory, start time, port, socket directory, address, shared memory, status. */
function statusLines(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

function tailOf({ logFile, data }: PostgresLaunch): string {
  return (
    readFileSync(logFile, 'utf8').slice(-2_000).replaceAll(data, '<DATA_DIR>').trim() || 'its log is empty'
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
