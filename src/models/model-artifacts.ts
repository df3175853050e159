import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../config/runtime.config';

export interface StoredArtifact {
  /** SHA-256, hex: the artifact's address. */
  readonly hash: string;
  readonly sizeBytes: number;
}

/** Model files under DATA_DIR/models, each under the hash of its content. */
@Injectable()
export class ModelArtifacts {
  private readonly directory: string;

  constructor(config: RuntimeConfig) {
    this.directory = join(config.dataDir, 'models');
  }

  /** Durable when it returns: written beside its place, flushed, renamed. */
  async put(bytes: Uint8Array): Promise<StoredArtifact> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const unfinished = join(this.directory, `.${randomUUID()}`);
    const file = await open(unfinished, 'wx', 0o400);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, this.pathOf(hash));
    return { hash, sizeBytes: bytes.length };
  }

  /** Where the bytes are; whoever runs them checks their hash. */
  pathOf(hash: string): string {
    return join(this.directory, `${hash}.onnx`);
  }
}
