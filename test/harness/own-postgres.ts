import { readdirSync, readFileSync } from 'node:fs';
import { loadConfiguration } from '../../src/config/configuration';
import type { DatabaseUrls } from '../../src/database/database-urls';
import { separateRoles } from '../../src/database/database-roles';
import { EmbeddedSandbox } from './embedded-sandbox';
import { migrateTemplate } from './migrate-template';

/** A migrated PostgreSQL server that a test may stop, kill or starve: nobody else uses it. */
export class OwnPostgres {
  private constructor(
    private readonly sandbox: EmbeddedSandbox,
    /** Of a superuser. */
    readonly url: string,
    readonly urls: DatabaseUrls,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
    const sandbox = new EmbeddedSandbox();
    const { url } = await sandbox.start(settings);
    const urls = await separateRoles(url);
    await migrateTemplate(url);
    return new OwnPostgres(sandbox, url, urls);
  }

  /** What a server in a process of its own needs to use it, each role by itself. */
  get variables(): Record<string, string> {
    return {
      DATABASE_URL: this.urls.application,
      DATABASE_SEQUENCER_URL: this.urls.sequencer,
      DATABASE_MIGRATION_URL: this.url,
    };
  }

  get configuration(): ReturnType<typeof loadConfiguration> {
    return loadConfiguration({ DATA_DIR: this.sandbox.parent, ...this.variables });
  }

  /** SIGSTOP: it neither answers nor refuses. */
  pause(): void {
    for (const pid of this.pids()) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.pids()) signal(pid, 'SIGCONT');
  }

  /** The postmaster first, then its children. */
  pids(): number[] {
    const postmaster = this.sandbox.serverPid();
    return [postmaster, ...childrenOf(postmaster)];
  }

  async stop(): Promise<void> {
    this.resume();
    await this.sandbox.dispose();
  }
}

/** Nothing to one that has just ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
