import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RuntimeConfig } from '../../config/runtime.config';
import type { StagedFile } from '../artifacts/artifact-store';
import { fileDigest, storeUnavailable } from '../artifacts/file-digest';

/** A file that old was left by a process that died: nobody writes to it any more. */
const ABANDONED_MS = 24 * 3_600_000;

/** Where files wait until they are known to be worth storing. */
@Injectable()
export class UploadStage implements OnModuleInit {
  private readonly directory: string;

  constructor({ dataDir }: RuntimeConfig) {
    this.directory = join(dataDir, 'uploads');
  }

  async onModuleInit(): Promise<void> {
    for (const name of await readdir(this.directory).catch(() => [])) {
      const path = join(this.directory, name);
      const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs);
      if (age > ABANDONED_MS) await rm(path, { force: true });
    }
  }

  /** Nothing is left when it fails. */
  async receive(source: Readable): Promise<StagedFile> {
    const path = await this.newPath();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    try {
      await pipeline(
        source,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            sizeBytes += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(path, { flags: 'wx', mode: 0o600 }),
      );
    } catch (error) {
      await this.discard({ path });
      throw isOfTheSystem(error) ? storeUnavailable(error) : error;
    }
    return { path, hash: hash.digest('hex'), sizeBytes };
  }

  async copy(from: string): Promise<StagedFile> {
    const path = await this.newPath();
    await copyFile(from, path);
    return { path, hash: (await fileDigest(path))!, sizeBytes: (await stat(path)).size };
  }

  async discard({ path }: Pick<StagedFile, 'path'>): Promise<void> {
    await rm(path, { force: true });
  }

  private async newPath(): Promise<string> {
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw storeUnavailable(error);
    }
    return join(this.directory, `${randomUUID()}.onnx`);
  }
}

/** ENOSPC, EDQUOT, EIO, …: of the file, since a client that goes away is reported by the parser of its body. */
const isOfTheSystem = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall !== undefined;
