import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '../../config/startup.error';
import { birthOf } from './process-table';

const CLAIM = /^owner\.(\d+)\.(.+)$/;

/**
 * Makes this process the only user of a directory until the returned function is called or the process is dead.
 * Everyone leaves a claim first and looks for others' second, so that of two at once at least one sees the other; a
 * claim names a pid and its start time, so that one left by a dead process never counts.
 * @throws StartupError when a living process, this one included, holds a claim
 */
export function claimDirectory(directory: string): () => void {
  const name = `owner.${process.pid}.${birthOf(process.pid)}`;
  const path = join(directory, name);
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw inUse(process.pid);
    throw error;
  }
  for (const other of readdirSync(directory)) {
    const [, pid, birth] = CLAIM.exec(other) ?? [];
    if (other === name || pid === undefined) continue;
    if (birthOf(Number(pid)) === birth) {
      rmSync(path);
      throw inUse(Number(pid));
    }
    rmSync(join(directory, other), { force: true });
  }
  return () => rmSync(path, { force: true });
}

const inUse = (pid: number): StartupError =>
  new StartupError(
    `The embedded PostgreSQL is in use by process ${pid}. Stop that process, set DATA_DIR to another folder, ` +
      'or share one server with DATABASE_URL.',
  );
