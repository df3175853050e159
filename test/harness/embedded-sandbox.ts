import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres';
import { endOrphan } from '../../src/database/embedded/postgres-process';
import { temporaryDirectory } from './temporary-directory';

const PROGRAM = resolve('dist/database/embedded/embedded-postgres.js');
/** Starts a server, prints its URL or the reason why not, then does what its last argument says. */
const CHILD = `
  const { EmbeddedPostgres } = require(process.argv[1]);
  EmbeddedPostgres.start({ directory: process.argv[2], settings: { fsync: 'off' } }).then(
    ({ url }) => {
      process.stdout.write(url);
      if (process.argv[3] === 'stay') setInterval(() => {}, 1000);
    },
    (error) => process.stdout.write(error.message),
  );`;

/** A temporary folder for embedded servers of this process and of others, all gone after `dispose`. */
export class EmbeddedSandbox {
  readonly parent = temporaryDirectory();
  readonly directory = join(this.parent, 'postgres');
  readonly data = join(this.directory, 'cluster', 'data');
  private readonly servers: EmbeddedPostgres[] = [];
  private readonly children: ChildProcess[] = [];

  constructor() {
    chmodSync(this.parent, 0o711);
  }

  copy(): EmbeddedSandbox {
    const copy = new EmbeddedSandbox();
    const { status } = spawnSync('cp', ['-a', this.directory, copy.directory]);
    if (status !== 0) throw new Error('The cluster could not be copied');
    return copy;
  }

  async start(settings: Readonly<Record<string, string>> = {}): Promise<EmbeddedPostgres> {
    const server = await EmbeddedPostgres.start({
      directory: this.directory,
      settings: { fsync: 'off', ...settings },
    });
    this.servers.push(server);
    return server;
  }

  /** Another Node process that starts a server on the same directory and then stays, or leaves without stopping it. */
  startChild(then: 'stay' | 'leave', nodeOptions: readonly string[] = []): ChildProcess {
    const child = spawn(process.execPath, [...nodeOptions, '-e', CHILD, PROGRAM, this.directory, then], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.children.push(child);
    return child;
  }

  serverPid(): number {
    return Number.parseInt(readFileSync(join(this.data, 'postmaster.pid'), 'utf8'), 10);
  }

  entries(prefix: string): string[] {
    return existsSync(this.directory)
      ? readdirSync(this.directory).filter((name) => name.startsWith(prefix))
      : [];
  }

  /** Ends every process; the cluster stays for the next test. */
  async endAll(): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.stop()));
    await Promise.all(this.children.splice(0).map(kill));
    await endOrphan(this.data);
  }

  async dispose(): Promise<void> {
    await this.endAll();
    rmSync(this.parent, { recursive: true, force: true, maxRetries: 10 });
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

export async function output(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString();
}

export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${condition.toString()}`);
    await sleep(5);
  }
}

export async function query(url: string, sql: string): Promise<QueryResultRow[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<QueryResultRow>(sql)).rows;
  } finally {
    await client.end();
  }
}

export function maintenanceUrl(url: string): string {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  return maintenance.href;
}
