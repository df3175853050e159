import { randomUUID } from 'node:crypto';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Whether a file can be made, written and removed in a directory; of one that does not exist (yet), whether it might be made. */
export async function isWritable(directory: string): Promise<boolean> {
  const file = join(directory, `.medai-probe-${randomUUID()}`);
  try {
    await writeFile(file, 'written to see whether it can be', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && mayBeMadeIn(dirname(directory));
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

async function mayBeMadeIn(parent: string): Promise<boolean> {
  try {
    await access(parent, constants.W_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && mayBeMadeIn(dirname(parent));
  }
}
