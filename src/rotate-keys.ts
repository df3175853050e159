import { retirePreviousKey, type Rotation, rotateKeySet } from './auth/tokens/signing-key-files';
import { processConfiguration } from './config/configuration';
import { StartupError } from './config/startup.error';

const USAGE = 'Usage: npm run keys:rotate [-- --now | --retire]';

const OUTCOMES: Record<Rotation['outcome'], string> = {
  rotated: 'Rotated. Tokens of the previous key count until they expire.',
  published: 'There was no next key: one is published now. Run this again in a day, or with --now.',
  early: 'Nothing changed: the next key was published less than a day ago. --now rotates all the same.',
};

/** Rotates the key that signs access tokens; servers that read the same files take it up within seconds. */
async function main(argument: string | undefined): Promise<string> {
  const path = processConfiguration().secrets.jwtSigningKeyPath;
  if (path === undefined) {
    throw new StartupError('JWT_SIGNING_KEY holds the key itself: set JWT_SIGNING_KEY_FILE to rotate it');
  }
  if (argument === '--retire') {
    await retirePreviousKey(path);
    return 'The previous key is retired: its tokens are refused.';
  }
  if (argument !== undefined && argument !== '--now') throw new StartupError(USAGE);
  const { outcome, keys } = await rotateKeySet(path, { now: argument === '--now' });
  return `${OUTCOMES[outcome]}\ncurrent ${keys.current.kid}\nnext    ${keys.next?.kid}`;
}

main(process.argv[2]).then(
  (message) => process.stdout.write(`${message}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
