import { Logger } from '@nestjs/common';
import { createApp } from './app.setup';
import { FirstAdministrator } from './auth/users/first-administrator';
import { type Configuration, processConfiguration } from './config/configuration';
import { StartupError } from './config/startup.error';
import { installDemo } from './demo';
import { stopGracefully } from './graceful-stop';
import { cannotListen } from './http/edge/cannot-listen';
import { jsonLogger } from './http/json-logger';
import { sweepEngineDirectories } from './inference/engine/pool/engine-directory';
import { openDatabase } from './open-database';
import { startTracing, stopTracing } from './tracing/tracing';
import { welcome } from './welcome';

async function main(configuration: Configuration): Promise<void> {
  const logger = jsonLogger(configuration.runtime.logLevel);
  Logger.overrideLogger(logger);
  for (const [variable, resembles] of configuration.settings.misspelt)
    new Logger('Configuration').warn({ event: 'config.variable_unknown', variable, resembles });

  process.stdout.on('error', () => undefined); // the welcome is not worth ending for
  sweepEngineDirectories();
  await startTracing(configuration.tracing);
  const database = await openDatabase(configuration);
  const app = await createApp(configuration, database.urls, logger);
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(1); // who asks twice does not want to wait
    stopping = true;
    setTimeout(() => process.exit(1), 1000 * configuration.runtime.graceSeconds).unref();
    await stopGracefully(app, configuration.runtime);
    await database.close();
    await stopTracing();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop().catch(fail));

  await app.init();
  const administrator = await app.get(FirstAdministrator).ensure();
  const demo = configuration.runtime.demo ? await installDemo(app, configuration.runtime.dataDir) : undefined;
  const { port, host } = configuration.http;
  await app.listen(port, host).catch(cannotListen('PORT', host, port));
  process.stdout.write(
    welcome({ url: await app.getUrl(), docs: configuration.http.docs, administrator, demo }),
  );
}

/** Tells why the start failed without a stack where the operator can mend it. */
function fail(error: unknown): never {
  const known = error instanceof StartupError;
  process.stderr.write(`${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
}

try {
  main(processConfiguration()).catch(fail);
} catch (error) {
  fail(error);
}
