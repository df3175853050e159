import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flush } from '../../object-store/flush';
import type { WriteOnceStore } from './write-once-store';

/** A directory on storage that lets files be made and not changed, such as `chattr +a` or a WORM share. */
export class DirectoryStore implements WriteOnceStore {
  constructor(private readonly directory: string) {}

  async create(name: string, content: string): Promise<boolean> {
    const path = join(this.directory, name);
    const made = await mkdir(dirname(path), { recursive: true });
    try {
      await append(path, content, constants.O_CREAT | constants.O_EXCL);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return this.complete(path, content);
    }
    await this.sync(dirname(path), made);
    return true;
  }

  read(name: string): Promise<string> {
    return readFile(join(this.directory, name), 'utf8');
  }

  list(folder: string): Promise<readonly string[]> {
    return readdir(join(this.directory, folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  /** A file that a crash cut off says the beginning of the same: the rest is added. */
  private async complete(path: string, content: string): Promise<boolean> {
    const there = await readFile(path, 'utf8');
    if (!content.startsWith(there)) return false;
    if (there !== content) await append(path, content.slice(there.length), 0);
    return true;
  }

  /** A name is durable when its directory is, and that one's when the directory above is. */
  private async sync(folder: string, firstMade: string | undefined): Promise<void> {
    const top = firstMade === undefined ? folder : dirname(firstMade);
    for (let path = folder; ; path = dirname(path)) {
      await flush(path);
      if (path === top || path === dirname(path)) return;
    }
  }
}

async function append(path: string, content: string, flags: number): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | flags, 0o644);
  try {
    await file.appendFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
