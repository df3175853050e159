import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { flush } from '../../object-store/flush';

/** A file of this name exists and says something else. */
class ArchiveExists extends Error {
  constructor(path: string) {
    super(`${basename(path)} exists and holds something else: it is left as it is, and nothing is archived`);
  }
}

/**
 * Writes a file that nobody may change afterwards, whole or not at all. The same content may be there already, from a
 * run that was interrupted; any other is left alone.
 * @returns SHA-256, hex, of the file, which is on the disk with its name
 * @throws ArchiveExists
 */
export async function writeOnce(path: string, content: AsyncIterable<string>): Promise<string> {
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { force: true });
  const hash = createHash('sha256');
  const file = await open(unfinished, 'wx', 0o444);
  try {
    for await (const part of content) {
      hash.update(part);
      await file.appendFile(part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const digest = hash.digest('hex');
  try {
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await digestOf(path)) !== digest) throw new ArchiveExists(path);
  } finally {
    await rm(unfinished, { force: true });
  }
  await flush(dirname(path));
  return digest;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
