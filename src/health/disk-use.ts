import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The share that is used of the disk under a directory, as for a process that is not root; of one that does not exist
 * (yet), of the disk it would be made on.
 */
export async function diskUse(directory: string): Promise<number> {
  try {
    const { blocks, bavail } = await statfs(directory);
    return 1 - bavail / blocks;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return diskUse(dirname(directory));
  }
}
