import type { ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { claimDirectory } from './directory-claim';
import {
  clusterData,
  ensureDatabase,
  openCluster,
  POSTGRES_DATABASE,
  POSTGRES_USER,
} from './postgres-cluster';
import { endOrphan, endPostgres, launchPostgres } from './postgres-process';
import { locatePostgres, makePrivateDirectory, postgresAccount } from './postgres-programs';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its password, the claim of the process that uses it and the server's log. */
  readonly directory: string;
  /** Added to the server's settings, such as `{ max_connections: '200' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The zero-install default: a PostgreSQL server that runs as a child of this process and dies with it. */
export class EmbeddedPostgres {
  private readonly logger = new Logger('EmbeddedPostgres');
  private stopped?: Promise<void>;
  private readonly interrupt = (): boolean => this.server.kill('SIGINT');

  private constructor(
    /** `postgres://medai:<password>@127.0.0.1:<port>/medai`; the user is a superuser. */
    readonly url: string,
    private readonly server: ChildProcess,
    private readonly release: () => void,
  ) {
    process.once('exit', this.interrupt);
    server.once('exit', (code, signal) => {
      if (this.stopped === undefined)
        this.logger.error({ event: 'postgres.ended_unexpectedly', exit_code: code, signal });
    });
  }

  /**
   * First start 1 to 2 s, later ones 0.1 to 0.3 s with the same data, whatever became of the last process.
   * @throws Error saying the remedy when another process uses the directory or the server cannot run here
   */
  static async start({ directory, settings = {} }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const programs = locatePostgres();
    makePrivateDirectory(directory);
    const folder = realpathSync(directory);
    const data = clusterData(folder);
    const release = claimDirectory(folder);
    try {
      await endOrphan(data);
      const account = postgresAccount(folder, programs.postgres);
      const password = await openCluster(folder, programs.initdb, account, settings['fsync'] !== 'off');
      const logFile = join(folder, 'postgres.log');
      const { port, child } = await launchPostgres({
        program: programs.postgres,
        account,
        data,
        logFile,
        settings,
      });
      const url = `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${POSTGRES_DATABASE}`;
      const postgres = new EmbeddedPostgres(url, child, release);
      await ensureDatabase(url).catch(async (error: unknown) => {
        await postgres.stop();
        throw error;
      });
      return postgres;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Fast shutdown: open transactions are rolled back, clients disconnected. May be called more than once. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    await endPostgres(this.server);
    process.off('exit', this.interrupt);
    this.release();
  }
}
