import { type Algorithm, hash, verify } from '@node-rs/argon2';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. */
const ARGON2ID: Algorithm.Argon2id = 2;
const PARAMETERS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** NIST SP 800-63B-4: one form of every Unicode text, the whole of it verified. */
const normalized = (password: string): string => password.normalize('NFKC');

export const hashPassword = (password: string): Promise<string> => hash(normalized(password), PARAMETERS);

/** False for a stored hash that is not a PHC string, where the library would throw. */
export function verifyPassword(storedHash: string, password: string): Promise<boolean> {
  return verify(storedHash, normalized(password)).catch(() => false);
}

const dummyHash = hashPassword('a password that no account has');

/** Takes as long as a real verification, so that unknown and locked accounts cannot be told by time. */
export async function verifyNobody(password: string): Promise<false> {
  await verifyPassword(await dummyHash, password);
  return false;
}
