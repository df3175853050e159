import { access, chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../errors/domain.error';
import { ArtifactStore, type StagedFile } from './artifact-store';
import { flush } from '../../object-store/flush';
import { fileDigest, storeUnavailable } from './file-digest';

/** A directory of this machine, on the same file system as the staged files. */
export class DirectoryArtifactStore extends ArtifactStore {
  constructor(private readonly directory: string) {
    super();
  }

  async put({ path, hash }: StagedFile): Promise<void> {
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      await chmod(path, 0o400);
      await flush(path);
      await rename(path, this.pathOf(hash));
      await flush(this.directory);
    } catch (error) {
      throw storeUnavailable(error);
    }
  }

  async locate(hash: string): Promise<string> {
    const path = this.pathOf(hash);
    try {
      await access(path);
      return path;
    } catch (cause) {
      const gone = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      throw gone ? new DomainError('MODEL_INTEGRITY_FAILED') : storeUnavailable(cause);
    }
  }

  async verify(hash: string): Promise<boolean> {
    return (await fileDigest(this.pathOf(hash))) === hash;
  }

  private pathOf(hash: string): string {
    return join(this.directory, `${hash}.onnx`);
  }
}
