import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError } from '../environment';
import { systemReason } from '../startup.error';

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
    if (FULL.includes((error as NodeJS.ErrnoException).code)) return;
    throw new ConfigurationError([
      `DATA_DIR: expected a directory that can be written to (${systemReason(error)})`,
    ]);
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
