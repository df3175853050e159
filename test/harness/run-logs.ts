import { appendFileSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonLogger, jsonLogger } from '../../src/http/json-logger';
import { canariesIn } from './canaries';
import { temporaryDirectory } from './temporary-directory';

const DIRECTORY = 'MEDAI_TEST_LOGS';

/** Every server that the tests start, in their own processes or in others, logs there, at the lowest level. */
export function openRunLogs(): void {
  process.env[DIRECTORY] = temporaryDirectory();
}

let logger: JsonLogger | undefined;

export function runLogger(): JsonLogger {
  logger ??= jsonLogger('trace', openSync(join(process.env[DIRECTORY]!, `${process.pid}.log`), 'a'));
  return logger;
}

/** What a server in another process has written. */
export const keepInRunLogs = (text: string): void =>
  appendFileSync(join(process.env[DIRECTORY]!, `${process.pid}-others.log`), `${text}\n`);

export const runLogText = (): string =>
  readFileSync(join(process.env[DIRECTORY]!, `${process.pid}.log`), 'utf8');

/** @throws Error, which fails the run, when a line of any server speaks of a canary */
export function closeRunLogs(): void {
  const directory = process.env[DIRECTORY]!;
  const lines = readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8').split('\n'),
  );
  rmSync(directory, { recursive: true, force: true });
  const leaks = lines.filter((line) => canariesIn(line).length > 0);
  if (leaks.length > 0)
    throw new Error(`A patient's data is in the logs [R-08]:\n${leaks.slice(0, 10).join('\n')}`);
}
