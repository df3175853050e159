import { Logger } from '@nestjs/common';
import { createApp } from './app.setup';
import { FirstAdministrator } from './auth/users/first-administrator';
import { type Configuration, processConfiguration } from './config/configuration';
import { StartupError } from './config/startup.error';
import { installDemo } from './demo';
import { jsonLogger } from './http/json-logger';
import { openDatabase } from './open-database';
import { welcome } from './welcome';

const FORCED_EXIT_MS = 30_000;

async function main(configuration: Configuration): Promise<void> {
  const logger = jsonLogger(configuration.runtime.logLevel);
  Logger.overrideLogger(logger);

  const database = await openDatabase(configuration);
  const app = await createApp(configuration, database.urls, logger);
  const stop = async (): Promise<void> => {
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
    await app.close();
    await database.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());

  await app.init();
  const administrator = await app.get(FirstAdministrator).ensure();
  const demo = configuration.runtime.demo ? await installDemo(app, configuration.runtime.dataDir) : undefined;
  await app.listen(configuration.http.port, configuration.http.host);
  process.stdout.write(
    welcome({ url: await app.getUrl(), docs: configuration.http.docs, administrator, demo }),
  );
}

/** Tells why the start failed without a stack where the operator can mend it. */
function fail(error: unknown): never {
  const known = error instanceof StartupError || (error as { code?: string }).code === 'EADDRINUSE';
  process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
}

try {
  main(processConfiguration()).catch(fail);
} catch (error) {
  fail(error);
}
