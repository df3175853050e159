import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { loadConfiguration } from '../../src/config/configuration';
import { DirectoryArtifactStore } from '../../src/models/artifacts/directory-artifact-store';
import { S3ArtifactStore } from '../../src/models/artifacts/s3-artifact-store';
import { UploadStage } from '../../src/models/upload/upload-stage';
import { describeArtifactStore } from '../contracts/artifact-store.contract';
import { type S3Server, startS3Server } from '../harness/s3-server';
import { temporaryDirectory } from '../harness/temporary-directory';

const s3Of = (
  ARTIFACT_STORE_URL: string,
): NonNullable<ReturnType<typeof loadConfiguration>['models']['s3']> =>
  loadConfiguration({ DATA_DIR: temporaryDirectory(), ARTIFACT_STORE_URL }).models.s3!;

describeArtifactStore('DirectoryArtifactStore', async (directory) => ({
  store: new DirectoryArtifactStore(join(directory, 'models')),
  tamper: (hash, content) => {
    const path = join(directory, 'models', `${hash}.onnx`);
    if (content === undefined) return rmSync(path);
    chmodSync(path, 0o600);
    writeFileSync(path, content);
  },
}));

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.close());

describeArtifactStore('S3ArtifactStore', async (directory) => ({
  store: new S3ArtifactStore(s3Of(server.url), join(directory, 'copies')),
  tamper: (hash, content) => {
    const path = `/bucket/models/${hash}.onnx`;
    if (content === undefined) server.objects.delete(path);
    else server.objects.set(path, content);
  },
}));

describe('S3ArtifactStore', () => {
  const hash = createHash('sha256').update('a model').digest('hex');
  const stored = (): void => void server.objects.set(`/bucket/models/${hash}.onnx`, Buffer.from('a model'));

  it('fetches what another server stored, once for all who ask at the same time, and mends a damaged copy', async () => {
    stored();
    const copies = temporaryDirectory();
    const store = new S3ArtifactStore(s3Of(server.url), copies);
    const paths = await Promise.all([store.locate(hash), store.locate(hash)]);
    expect(new Set(paths).size).toBe(1);
    chmodSync(paths[0], 0o600);
    writeFileSync(paths[0], 'damaged');
    expect(readFileSync(await store.locate(hash), 'utf8')).toBe('a model');
  });

  it('does not hand out what the store does not hold any more as it was', async () => {
    server.objects.set(`/bucket/models/${hash}.onnx`, Buffer.from('another'));
    const store = new S3ArtifactStore(s3Of(server.url), temporaryDirectory());
    await expect(store.locate(hash)).rejects.toMatchObject({ code: 'MODEL_INTEGRITY_FAILED' });
  });

  it('says MODEL_STORE_UNAVAILABLE for a wrong key, and when nobody answers', async () => {
    const wrong = new S3ArtifactStore(
      s3Of(server.url.replace('test-key', 'other-key')),
      temporaryDirectory(),
    );
    await expect(wrong.locate(hash)).rejects.toMatchObject({ code: 'MODEL_STORE_UNAVAILABLE' });
    const gone = new S3ArtifactStore(s3Of('http://a:b@127.0.0.1:9/bucket'), temporaryDirectory());
    await expect(gone.verify(hash)).rejects.toMatchObject({ code: 'MODEL_STORE_UNAVAILABLE' });
  });
});

describe('a full disk', () => {
  const dataDir = temporaryDirectory();
  const uploads = join(dataDir, 'uploads');
  mkdirSync(uploads);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', uploads]).status === 0;
  if (!mounted)
    process.stderr.write('a full disk: skipped, a small tmpfs cannot be mounted here (needs root)\n');
  afterAll(() => void (mounted && spawnSync('umount', [uploads])));

  (mounted ? it : it.skip)('refuses the upload and leaves no part of it', async () => {
    const stage = new UploadStage(loadConfiguration({ DATA_DIR: dataDir }).runtime);
    const chunks = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024));
    await expect(stage.receive(Readable.from(chunks))).rejects.toMatchObject({
      code: 'MODEL_STORE_UNAVAILABLE',
    });
    expect(spawnSync('ls', [uploads]).stdout.toString()).toBe('');
    const small = await stage.receive(Readable.from([Buffer.from('fits')]));
    expect(existsSync(small.path)).toBe(true);
  });
});
