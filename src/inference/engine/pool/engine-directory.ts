import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { birthOf } from '../../../database/embedded/process-table';

const NAME = /^medai-engine-(\d+)-(\w+)-\w{6}$/;

/** An empty folder to run an engine process in. Its name tells whose it is: pid and start time of this server. */
export function engineDirectory(): string {
  const birth = birthOf(process.pid)?.replaceAll(/\W/g, '_') ?? '0';
  return mkdtempSync(join(tmpdir(), `medai-engine-${process.pid}-${birth}-`));
}

/** Removes the folders of servers that were killed before they could. What is not empty is not ours to judge. */
export function sweepEngineDirectories(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, birth] = NAME.exec(name) ?? [];
    if (pid === undefined || birthOf(Number(pid))?.replaceAll(/\W/g, '_') === birth) continue;
    try {
      rmdirSync(join(tmpdir(), name));
    } catch {
      continue;
    }
  }
}
