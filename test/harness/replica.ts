import type { RunningApp } from './running-app';
import { ServerProcess } from './server-process';

/** A server process on the database and the data directory of a running application. */
export const startReplica = (
  { database, dataDir }: RunningApp,
  variables: Record<string, string> = {},
): Promise<ServerProcess> =>
  ServerProcess.start({ DATABASE_URL: database.url, DATA_DIR: dataDir, ...variables });
