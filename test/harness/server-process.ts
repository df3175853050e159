import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { keepInRunLogs } from './run-logs';

/** The product as it is started in production, in a process of its own. Run `npm run build` first. */
export class ServerProcess {
  /** JSON lines. */
  readonly log: string[] = [];
  private address?: string;
  private readonly listensOrEnded: Promise<void>;

  private constructor(readonly child: ChildProcess) {
    this.listensOrEnded = new Promise((resolve) => {
      child.once('exit', () => resolve());
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{')) this.log.push(line);
        keepInRunLogs(line);
        this.address ??= /listens on (\S+)/.exec(line)?.[1];
        if (this.address !== undefined) resolve();
      });
    });
    createInterface({ input: child.stderr! }).on('line', (line) => {
      process.stderr.write(`${line}\n`);
      keepInRunLogs(line);
    });
  }

  /** @param stdout a file descriptor in place of the pipe that is read: then the log is not known here */
  static spawn(variables: Record<string, string>, stdout: number | 'pipe' = 'pipe'): ServerProcess {
    const env = {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      PORT: '0',
      DEMO: 'off',
      ENGINE_PROCESSES: '1',
      LOG_LEVEL: 'trace',
      ...variables,
    };
    return new ServerProcess(
      spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', stdout, 'pipe'] }),
    );
  }

  static async start(variables: Record<string, string>): Promise<ServerProcess> {
    const server = ServerProcess.spawn(variables);
    await server.listening();
    return server;
  }

  get url(): string {
    if (this.address === undefined) throw new Error('The server does not listen yet');
    return this.address;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async listening(): Promise<void> {
    await this.listensOrEnded;
    if (this.address === undefined) throw new Error(`The server ended: ${this.log.join('\n')}`);
  }

  /** @returns the exit code, or the signal that ended it */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    if (!this.ended) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode ?? this.child.signalCode;
  }
}
