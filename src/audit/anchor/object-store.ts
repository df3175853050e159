import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from '../../config/object-store/s3-location';
import { s3Client } from '../../object-store/s3-client';
import type { WriteOnceStore } from './write-once-store';

const DAY_MS = 86_400_000;
/** So that a store which does not answer holds up the next checkpoint for no longer. */
const TIMEOUT_MS = 10_000;

/** An S3-compatible store that honours `If-None-Match: *`. */
export class ObjectStore implements WriteOnceStore {
  private readonly client: S3Client;

  /** `lockDays`: for so long the store is asked to let nobody delete an object (Object Lock, compliance mode). */
  constructor(private readonly location: S3Location & { readonly lockDays?: number }) {
    this.client = s3Client(location);
  }

  async create(name: string, content: string): Promise<boolean> {
    const { bucket, prefix, lockDays } = this.location;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: prefix + name,
      Body: content,
      ContentType: 'text/plain; charset=utf-8',
      ChecksumSHA256: createHash('sha256').update(content).digest('base64'),
      IfNoneMatch: '*',
      ...(lockDays !== undefined && {
        ObjectLockMode: 'COMPLIANCE' as const,
        ObjectLockRetainUntilDate: new Date(Date.now() + lockDays * DAY_MS),
      }),
    });
    try {
      await this.client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
      return true;
    } catch (error) {
      if ((error as { name?: string }).name === 'PreconditionFailed') return false;
      throw error;
    }
  }

  async read(name: string): Promise<string> {
    const { bucket, prefix } = this.location;
    const command = new GetObjectCommand({ Bucket: bucket, Key: prefix + name });
    const { Body } = await this.client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    return Body!.transformToString('utf8');
  }

  /** At most a thousand names, which is one page, stand below a folder of an anchor. */
  async list(folder: string): Promise<readonly string[]> {
    const { bucket, prefix } = this.location;
    const path = prefix + (folder === '' ? '' : `${folder}/`);
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: path, Delimiter: '/' });
    const { CommonPrefixes = [], Contents = [] } = await this.client.send(command, {
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const folders = CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(path.length, -1));
    return [...folders, ...Contents.map(({ Key = '' }) => Key.slice(path.length))];
  }
}
