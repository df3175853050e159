import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RunningApp } from './running-app';

export interface Replica {
  readonly url: string;
  stop(): Promise<void>;
}

/** `npm start` in a process of its own, on the database and the data directory of a running application. */
export async function startReplica(
  { database, dataDir }: RunningApp,
  variables: Record<string, string> = {},
): Promise<Replica> {
  const server = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      PORT: '0',
      DEMO: 'off',
      ENGINE_PROCESSES: '1',
      LOG_LEVEL: 'fatal',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  const [said] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string];
  return {
    url: /http:\/\/[^\s/]+:\d+/.exec(said)![0],
    async stop() {
      server.kill('SIGKILL');
      await exited;
    },
  };
}
