import { createHash } from 'node:crypto';
import { type Algorithm, hash, verify } from '@node-rs/argon2';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. */
const ARGON2ID: Algorithm.Argon2id = 2;
const PARAMETERS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$';
const STORED = /^(?:\{pepper:([0-9a-f]{16})\})?(\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$.+)$/;

/** A secret beside the database that enters every hash, so that a stolen table alone cannot be guessed at. */
export interface Pepper {
  readonly id: string;
  readonly secret: Buffer;
}

export const pepperOf = (secret: Buffer): Pepper => ({
  id: createHash('sha256').update('medai pepper id').update(secret).digest('hex').slice(0, 16),
  secret,
});

/** NIST SP 800-63B-4: one form of every Unicode text, the whole of it verified. */
const normalized = (password: string): string => password.normalize('NFKC');

/** @returns the PHC string, with `{pepper:<id>}` before it if there is a pepper */
export async function createHashOf(password: string, pepper: Pepper | undefined): Promise<string> {
  const phc = await hash(normalized(password), { ...PARAMETERS, secret: pepper?.secret });
  return pepper === undefined ? phc : `{pepper:${pepper.id}}${phc}`;
}

/** True for a hash of other parameters or of another pepper than those of today. */
export function isOutdated(stored: string, pepper: Pepper | undefined): boolean {
  const [, pepperId, phc = ''] = STORED.exec(stored) ?? [];
  return pepperId !== pepper?.id || !phc.startsWith(CURRENT);
}

/** @throws when `stored` is not a hash that can be verified: damaged, or made with a pepper that is not here */
export async function matchesHash(
  stored: string,
  password: string,
  peppers: readonly Pepper[],
): Promise<boolean> {
  const [, pepperId, phc] = STORED.exec(stored) ?? [];
  const pepper = peppers.find(({ id }) => id === pepperId);
  if (phc === undefined || (pepperId !== undefined && pepper === undefined)) {
    throw new Error('not a hash that can be verified');
  }
  return verify(phc, normalized(password), { secret: pepper?.secret });
}
