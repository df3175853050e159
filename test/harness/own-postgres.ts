import type { DatabaseUrls } from '../../src/database/database-urls';
import { separateRoles } from '../../src/database/database-roles';
import { EmbeddedSandbox } from './embedded-sandbox';
import { migrateTemplate } from './migrate-template';
import { childrenOf } from './processes';
import { SmallDisk } from './small-disk';

/** A migrated PostgreSQL server that a test may stop, kill or starve: nobody else uses it. */
export class OwnPostgres {
  private constructor(
    private readonly sandbox: EmbeddedSandbox,
    private readonly settings: Readonly<Record<string, string>>,
    private current: string,
    readonly urls: DatabaseUrls,
    /** Where it lies, if it was asked for and may be mounted. */
    readonly disk: SmallDisk | undefined,
  ) {}

  /** @param diskMebibytes for a disk of its own */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    diskMebibytes?: number,
  ): Promise<OwnPostgres> {
    const sandbox = new EmbeddedSandbox();
    const disk = diskMebibytes === undefined ? undefined : SmallDisk.mount(sandbox.parent, diskMebibytes);
    const { url } = await sandbox.start(settings);
    const urls = await separateRoles(url);
    await migrateTemplate(url);
    return new OwnPostgres(sandbox, settings, url, urls, disk);
  }

  /** Of a superuser; changes its port when it starts anew. */
  get url(): string {
    return this.current;
  }

  /** What a server in a process of its own needs to use it, each role by itself. */
  get variables(): Record<string, string> {
    const { port } = new URL(this.current);
    const now = (url: string): string => Object.assign(new URL(url), { port }).href;
    return {
      DATABASE_URL: now(this.urls.application),
      DATABASE_SEQUENCER_URL: now(this.urls.sequencer),
      DATABASE_MIGRATION_URL: this.current,
    };
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

  async restart({ killed = false } = {}): Promise<void> {
    if (killed) signal(this.sandbox.serverPid(), 'SIGKILL');
    await this.end();
    await this.startAgain();
  }

  /** Nothing takes connections any more; the data stay. */
  async end(): Promise<void> {
    await this.sandbox.endAll();
  }

  async startAgain(): Promise<void> {
    this.current = (await this.sandbox.start(this.settings)).url;
  }

  async stop(): Promise<void> {
    this.resume();
    await this.sandbox.endAll();
    this.disk?.unmount();
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
