import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactStore, StagedFile } from '../../src/models/artifacts/artifact-store';
import { temporaryDirectory } from '../harness/temporary-directory';

export interface StoreUnderTest {
  readonly store: ArtifactStore;
  /** Puts other bytes in the place of a stored file, behind the store's back; undefined removes it. */
  readonly tamper: (hash: string, content: Buffer | undefined) => void;
}

/** What holds for every artifact store; `makeStore` gives an empty one whose stage is `directory`. */
export function describeArtifactStore(
  name: string,
  makeStore: (directory: string) => Promise<StoreUnderTest>,
): void {
  describe(`${name} as an ArtifactStore`, () => {
    const directory = temporaryDirectory();
    let store: ArtifactStore;
    let tamper: StoreUnderTest['tamper'];

    beforeAll(async () => {
      mkdirSync(join(directory, 'uploads'));
      ({ store, tamper } = await makeStore(directory));
    });

    const stage = (content: string): StagedFile => {
      const path = join(directory, 'uploads', `${content.length}`);
      writeFileSync(path, content);
      return {
        path,
        hash: createHash('sha256').update(content).digest('hex'),
        sizeBytes: Buffer.byteLength(content),
      };
    };

    it('takes a file over and gives it back under its hash', async () => {
      const file = stage('a model');
      await store.put(file);
      expect(existsSync(file.path)).toBe(false);
      expect(readFileSync(await store.locate(file.hash), 'utf8')).toBe('a model');
      expect(await store.verify(file.hash)).toBe(true);
    });

    it('takes the same file twice', async () => {
      await store.put(stage('twice'));
      const again = stage('twice');
      await store.put(again);
      expect(readFileSync(await store.locate(again.hash), 'utf8')).toBe('twice');
    });

    it('takes a file of megabytes', async () => {
      const large = stage('x'.repeat(5_000_000));
      await store.put(large);
      expect(await store.verify(large.hash)).toBe(true);
    });

    it('says that it does not have a file', async () => {
      const unknown = 'ab'.repeat(32);
      await expect(store.locate(unknown)).rejects.toMatchObject({ code: 'MODEL_INTEGRITY_FAILED' });
      expect(await store.verify(unknown)).toBe(false);
    });

    it.each([
      ['changed', Buffer.from('another model')],
      ['truncated', Buffer.from('a mo')],
      ['removed', undefined],
    ])('notices that a file was %s, and storing it again mends it', async (_name, content) => {
      const { hash } = stage('a model');
      tamper(hash, content);
      expect(await store.verify(hash)).toBe(false);
      await store.put(stage('a model'));
      expect(await store.verify(hash)).toBe(true);
      expect(readFileSync(await store.locate(hash), 'utf8')).toBe('a model');
    });
  });
}
