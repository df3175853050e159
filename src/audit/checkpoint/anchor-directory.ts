import { type FileHandle, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_NOTE = 64 * 1024;
const NOTE = /(?:(?!— )[^\n]+\n)+\n(?:— [^\n]+\n)+/gu;
const NAME = /^checkpoints-\d{4}-\d\d-\d\d\.txt$/;

/**
 * A directory outside the database's reach: one file a UTC day, only ever appended to, a note after the other with an
 * empty line between them. Fits storage that allows appending and nothing else (`chattr +a`, WORM shares).
 */
export class AnchorDirectory {
  constructor(private readonly directory: string) {}

  /** Returns when the notes are on the disk. */
  async append(notes: readonly string[], now: Date): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const name = `checkpoints-${now.toISOString().slice(0, 10)}.txt`;
    const file = await open(join(this.directory, name), 'a', 0o644);
    try {
      const isNew = (await file.stat()).size === 0;
      await file.appendFile(notes.map((note) => `${note}\n`).join(''));
      await file.sync();
      if (isNew) await this.syncNames();
    } finally {
      await file.close();
    }
  }

  /** The note that was appended last; undefined when there is none. */
  async newest(): Promise<string | undefined> {
    const names = await readdir(this.directory).catch(() => []);
    for (const name of names
      .filter((each) => NAME.test(each))
      .sort()
      .toReversed()) {
      const text = await readFile(join(this.directory, name), 'utf8').catch(() => '');
      const newest = text.slice(-MAX_NOTE).match(NOTE)?.at(-1);
      if (newest !== undefined) return newest;
    }
    return undefined;
  }

  /** A new name is durable when its directory is. */
  private async syncNames(): Promise<void> {
    let directory: FileHandle | undefined;
    try {
      directory = await open(this.directory, 'r');
      await directory.sync();
    } finally {
      await directory?.close();
    }
  }
}
