import { stat } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Archiver } from './audit/archive/archiver';
import { CheckpointKeys } from './audit/checkpoint/checkpoint-keys';
import { processConfiguration } from './config/configuration';
import { StartupError } from './config/startup.error';
import { dataSourceOptions } from './database/data-source-options';
import { jsonLogger } from './http/json-logger';
import { startServer } from './open-database';

const USAGE = 'Usage: npm run audit:archive -- DIRECTORY   (see docs/audit.md)';

/** Moves audit entries that are older than AUDIT_RETENTION_DAYS and anchored from the database into files. */
async function main(directory: string | undefined): Promise<void> {
  if (directory === undefined || !(await stat(directory).catch(() => undefined))?.isDirectory())
    throw new StartupError(USAGE);
  const configuration = processConfiguration();
  Logger.overrideLogger(jsonLogger(configuration.runtime.logLevel, 2));
  const { checkpoints, database, secrets } = configuration;
  const server = await startServer(configuration);
  const dataSource = new DataSource(dataSourceOptions(database, server.urls.migration, []));
  try {
    await dataSource.initialize();
    const keys = new CheckpointKeys(secrets, checkpoints);
    const archiver = new Archiver(dataSource, keys, checkpoints.retentionDays);
    let done = 0;
    for (let made = await archiver.next(directory); made; made = await archiver.next(directory), done++) {
      const { firstSeq, lastSeq, path, fileHash } = made;
      process.stdout.write(`Entries ${firstSeq} to ${lastSeq} are in ${path}, SHA-256 ${fileHash}.\n`);
    }
    if (done === 0)
      process.stdout.write(
        `Nothing to archive: no entries are older than ${checkpoints.retentionDays} days and anchored.\n`,
      );
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await server.close();
  }
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
