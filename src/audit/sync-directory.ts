import { open } from 'node:fs/promises';

/** Puts the names in it on the disk: a file is durable when its directory is as well. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
