import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { type SigningKey, signingKey } from './signing-key';

/** Verifiers elsewhere have fetched the set by then: its answer may be cached for five minutes, by careless ones for a day. */
const PUBLISHED_AHEAD_MS = 24 * 3_600_000;

/** `next` is published before it signs; tokens of `previous` count until they have expired. */
export interface SigningKeySet {
  readonly current: SigningKey;
  readonly next?: SigningKey;
  readonly previous?: SigningKey;
  /** Unix milliseconds of the rotation that made it the previous one. */
  readonly previousSince?: number;
}

const NEXT = '.next';
const PREVIOUS = '.previous';

/** Reads the key at `path` and, beside it, `.next` and `.previous` where there are such files. */
export async function readKeySet(path: string): Promise<SigningKeySet> {
  const [current, next, previous] = await Promise.all(['', NEXT, PREVIOUS].map((end) => readKey(path + end)));
  if (current === undefined) throw new Error('there is no signing key');
  const previousSince = previous && (await stat(path + PREVIOUS)).mtimeMs;
  return { current, next, previous, previousSince };
}

/** Changes when any of the files does. */
export async function keySetStamp(path: string): Promise<string> {
  const stamps = await Promise.all(
    ['', NEXT, PREVIOUS].map(async (end) => {
      const found = await stat(path + end).catch(ignoreMissing);
      return found && `${found.ino}:${found.size}:${found.mtimeMs}`;
    }),
  );
  return stamps.join();
}

async function readKey(path: string): Promise<SigningKey | undefined> {
  const pem = await readFile(path, 'utf8').catch(ignoreMissing);
  if (pem === undefined) return undefined;
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not a key on the P-256 curve');
  return signingKey(key);
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

export interface Rotation {
  /** `published`: there was no next key, now there is. `early`: it has not been published long enough. */
  readonly outcome: 'rotated' | 'published' | 'early';
  readonly keys: SigningKeySet;
}

/**
 * Makes the next key the current one, the current one the previous one, and a new next key; servers that watch the
 * files take them up by themselves. A crash leaves files that are in order, and another run goes on from there.
 * @param now rotate although the next key was published less than a day ago: a leaked key must go at once
 */
export async function rotateKeySet(path: string, options: { readonly now: boolean }): Promise<Rotation> {
  const { next } = await readKeySet(path);
  if (next === undefined) {
    await writeWhole(path + NEXT, newKey());
    return { outcome: 'published', keys: await readKeySet(path) };
  }
  const age = Date.now() - (await stat(path + NEXT)).mtimeMs;
  if (age < PUBLISHED_AHEAD_MS && !options.now) return { outcome: 'early', keys: await readKeySet(path) };
  await writeWhole(path + PREVIOUS, await readFile(path, 'utf8'));
  await rename(path + NEXT, path);
  await writeWhole(path + NEXT, newKey());
  return { outcome: 'rotated', keys: await readKeySet(path) };
}

/** Tokens of the previous key are refused from then on. */
export async function retirePreviousKey(path: string): Promise<SigningKeySet> {
  await rm(path + PREVIOUS, { force: true });
  return readKeySet(path);
}

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

/** A reader sees the old file or the new one, never a half. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(temporary, path);
}
