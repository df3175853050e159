import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory';

const BLOCK = Buffer.alloc(64 * 1024);

/** A file system in memory that can be filled to its last byte. Mounting takes root. */
export class SmallDisk {
  private readonly ballast: string;

  private constructor(private readonly directory: string) {
    this.ballast = join(directory, 'ballast');
  }

  /** @returns undefined where nothing may be mounted */
  static mount(directory: string, mebibytes: number): SmallDisk | undefined {
    const options = `size=${mebibytes}m,mode=711`;
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
    return status === 0 ? new SmallDisk(directory) : undefined;
  }

  /** Whether this process may mount. */
  static possible(): boolean {
    const disk = SmallDisk.mount(temporaryDirectory(), 1);
    disk?.unmount();
    return disk !== undefined;
  }

  fill(): void {
    const file = openSync(this.ballast, 'a');
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['--lazy', this.directory]);
  }
}
