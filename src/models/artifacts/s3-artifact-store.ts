import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from '../../config/object-store/s3-location';
import { DomainError } from '../../errors/domain.error';
import { s3Client } from '../../object-store/s3-client';
import { ArtifactStore, type StagedFile } from './artifact-store';
import { digestOf, fileDigest, storeUnavailable } from './file-digest';

/** An S3-compatible store, with copies of what was asked for in a directory of this machine. */
export class S3ArtifactStore extends ArtifactStore {
  private readonly client: S3Client;
  private readonly downloads = new Map<string, Promise<string>>();

  constructor(
    private readonly location: S3Location,
    private readonly copies: string,
  ) {
    super();
    this.client = s3Client(location);
  }

  /** The store checks the signed SHA-256 of what it receives. The staged file becomes this machine's copy. */
  async put({ path, hash, sizeBytes }: StagedFile): Promise<void> {
    const command = new PutObjectCommand({
      ...this.objectOf(hash),
      Body: createReadStream(path),
      ContentLength: sizeBytes,
      ChecksumSHA256: Buffer.from(hash, 'hex').toString('base64'),
      ContentType: 'application/octet-stream',
    });
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = hash;
        return next(args);
      },
      { step: 'build', name: 'signContentHash' },
    );
    try {
      await this.client.send(command);
      await this.keep(path, hash);
    } catch (error) {
      throw storeUnavailable(error);
    }
  }

  locate(hash: string): Promise<string> {
    let download = this.downloads.get(hash);
    if (download === undefined) {
      download = this.copyOf(hash).finally(() => this.downloads.delete(hash));
      this.downloads.set(hash, download);
    }
    return download;
  }

  /** A damaged copy on this machine is fetched again; what counts is the store. */
  async verify(hash: string): Promise<boolean> {
    const body = await this.get(hash);
    return body !== undefined && (await digestOf(body).catch(rethrow)) === hash;
  }

  private async copyOf(hash: string): Promise<string> {
    const path = this.pathOf(hash);
    if ((await fileDigest(path)) === hash) return path;
    const body = await this.get(hash);
    if (body === undefined) throw new DomainError('MODEL_INTEGRITY_FAILED');
    const unfinished = join(this.copies, `.${randomUUID()}`);
    try {
      await mkdir(this.copies, { recursive: true, mode: 0o700 });
      await pipeline(body, createWriteStream(unfinished, { flags: 'wx', mode: 0o400 }));
      if ((await fileDigest(unfinished)) !== hash) throw new DomainError('MODEL_INTEGRITY_FAILED');
      return await this.keep(unfinished, hash);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw storeUnavailable(error);
    }
  }

  private async keep(path: string, hash: string): Promise<string> {
    await mkdir(this.copies, { recursive: true, mode: 0o700 });
    await rename(path, this.pathOf(hash));
    return this.pathOf(hash);
  }

  private async get(hash: string): Promise<Readable | undefined> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand(this.objectOf(hash)));
      return Body as Readable;
    } catch (error) {
      if ((error as { name?: string }).name === 'NoSuchKey') return undefined;
      throw storeUnavailable(error);
    }
  }

  private objectOf(hash: string): { Bucket: string; Key: string } {
    return { Bucket: this.location.bucket, Key: `${this.location.prefix}${hash}.onnx` };
  }

  private pathOf(hash: string): string {
    return join(this.copies, `${hash}.onnx`);
  }
}

function rethrow(error: unknown): never {
  throw storeUnavailable(error);
}
