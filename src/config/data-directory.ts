import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { ConfigurationError } from './environment';

/** A server goes on without room on its disk, and is started again without it. */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/**
 * Makes the directory where it is missing.
 * @throws ConfigurationError at once when nothing can be kept in it: the keys that are generated there are read next
 */
export function openDataDirectory(directory: string): void {
  try {
    make(directory);
    rmdirSync(mkdtempSync(join(directory, '.probe-')));
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    if (FULL.includes(code)) return;
    const reason = getSystemErrorMap().get(errno)?.[1] ?? code;
    throw new ConfigurationError([`DATA_DIR: expected a directory that can be written to (${reason})`]);
  }
}

/** One at a time: asked to make those above it as well, Node 20 never comes back from /proc. */
function make(directory: string): void {
  if (existsSync(directory)) return;
  make(dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first
  }
}
