import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The share that is used of the disk under a directory, of its blocks or of its inodes, whichever is scarcer, as for a
 * process that is not root; of one that does not exist (yet), of the disk it would be made on.
 */
export async function diskUse(directory: string): Promise<number> {
  try {
    const { blocks, bavail, files, ffree } = await statfs(directory);
    return 1 - Math.min(bavail / blocks, files === 0 ? 1 : ffree / files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return diskUse(dirname(directory));
  }
}
